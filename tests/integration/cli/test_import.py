import csv
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calendar_mirror.planning import CompletedRead
from calendar_mirror.scopes import ALL_EVENTS
from calmirror.import_files import FIELDS

REFRESH, ACCESS = "refresh-token-of-the-test", "access-token-of-the-test"
HEADER = "account_id,refresh_token"
NO_SCHEDULER = "The first reads are delayed"


@pytest.fixture
def file(tmp_path):
    """Write a file of so many accounts, or of these lines."""

    def file(accounts=0, *, header=HEADER, lines=()):
        made = [f"acc_{n},{REFRESH}-{n}" for n in range(accounts)]
        path = tmp_path / "accounts.csv"
        path.write_text("\n".join([header, *made, *lines]))
        return str(path)

    return file


@pytest.fixture
def meanwhile():
    """Do something as soon as a condition holds, while the command runs."""
    threads = []

    def meanwhile(is_time, act):
        def wait():
            while not is_time():
                time.sleep(0.02)
            act()

        threads.append(threading.Thread(target=wait))
        threads[-1].start()

    yield meanwhile
    for thread in threads:
        thread.join()


@pytest.fixture
def reconcile_function(stack):
    """Let the stack have the function that asks for reads; return how often it was called."""
    config = f"{stack.endpoint}/moto-api/config"
    requests.post(config, json={"lambda": {"use_docker": False}}, timeout=5)
    role = stack.client("iam").create_role(RoleName="any", AssumeRolePolicyDocument="{}")
    stack.client("lambda").create_function(
        FunctionName="reconcile",
        Role=role["Role"]["Arn"],
        Runtime="python3.13",
        Handler="app.handler",
        Code={"ZipFile": b"nothing"},
    )
    outputs = {**stack.outputs, "ReconcileFunctionName": "reconcile"}
    stack.client("cloudformation").create_stack(
        StackName="whole",
        TemplateBody=json.dumps(
            {
                "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
                "Outputs": {name: {"Value": value} for name, value in outputs.items()},
            }
        ),
    )
    document = json.loads(stack.file.read_text())
    stack.file.write_text(json.dumps(document | {"stack_name": "whole"}))
    yield "reconcile"
    requests.post(config, json={"lambda": {"use_docker": True}}, timeout=5)


def mark_read(stack, *account_ids):
    for account_id in account_ids:
        read = CompletedRead(datetime.now(UTC), None)
        stack.accounts.remember_read(account_id, read, ALL_EVENTS)


def test_accounts_are_stored_with_what_the_file_says_of_them_and_are_due_at_once(stack, file):
    columns = "account_id,refresh_token,access_token,data_center,user_ref,calendars"
    lines = [f"acc_1,{REFRESH},{ACCESS},us,user-1,cal_2 cal_1", f"acc_2,{REFRESH},,,,"]
    before = datetime.now(UTC)

    done = stack.run("accounts", "import", file(header=columns, lines=lines), "--no-wait")

    assert (done.exit_code, NO_SCHEDULER in done.stderr) == (0, True)
    first, second = stack.accounts.get("acc_1"), stack.accounts.get("acc_2")
    assert (first.tokens.refresh, first.tokens.access) == (REFRESH, ACCESS)
    assert (first.user_refs, first.calendars) == (("user-1",), ("cal_1", "cal_2"))
    assert (second.data_center, second.user_refs, second.calendars) == ("us", (), ())
    item = stack.dynamodb.get_item(
        TableName=stack.outputs["AccountsTableName"], Key={"account_id": "acc_2"}
    )["Item"]
    assert item["due"] == "due"
    assert before.isoformat()[:19] <= item["due_at"][:19] <= datetime.now(UTC).isoformat()[:19]


def test_importing_calls_cronofy_for_nothing_and_puts_nothing_on_the_queue(stack, file):
    stack.run("accounts", "import", file(3), "--no-wait")

    assert stack.control("GET", "calls")["total"] == 0
    assert stack.messages() == []


def test_json_lines_come_from_the_standard_input(stack):
    lines = [json.dumps({"account_id": f"acc_{n}", "refresh_token": REFRESH}) for n in range(2)]

    done = stack.run("accounts", "import", "-", "--no-wait", stdin="\n".join(lines))

    assert done.exit_code == 0
    assert len(stack.told("accounts", "list")) == 2


def test_what_is_there_already_is_left_as_it_is_and_the_rest_goes_on(stack, file):
    stack.run("accounts", "add", "acc_1", "--refresh-token", "older")

    told = stack.told("accounts", "import", file(3), "--no-wait")

    assert (told["stored"], told["already_there"], told["waiting"]) == (2, 1, 3)
    assert stack.accounts.get("acc_1").tokens.refresh == "older"


def test_a_repetition_stores_nothing_again_and_goes_on_watching(stack, file):
    stack.run("accounts", "import", file(3), "--no-wait")
    mark_read(stack, "acc_0", "acc_1", "acc_2")

    assert stack.told("accounts", "import", file(3)) == {
        "dry_run": False,
        "stored": 0,
        "already_there": 3,
        "not_stored": 0,
        "refused_lines": 0,
        "read": 3,
        "failed": 0,
        "waiting": 0,
        "failures": [],
    }


def test_bad_lines_are_told_with_number_and_reason_and_the_good_ones_go_on(stack, file):
    lines = ["acc_1,", f"a/b,{REFRESH}", f"acc_0,{REFRESH}"]

    told = stack.told("accounts", "import", file(1, lines=lines), "--no-wait", ends_with=1)

    assert (told["stored"], told["refused_lines"], told["failed"]) == (1, 3, 0)
    assert [(each["line"], each["reason"]) for each in told["failures"]] == [
        (3, "refresh_token is missing"),
        (4, "account_id cannot be an account's id"),
        (5, "the account stands in line 2 already"),
    ]


def test_a_data_center_of_which_the_stack_has_no_secret_is_refused(stack, file):
    columns = f"{HEADER},data_center"

    told = stack.told(
        "accounts",
        "import",
        file(header=columns, lines=[f"acc_1,{REFRESH},sg"]),
        ends_with=1,
    )

    assert told["failures"][0]["reason"] == (
        "the stack has no client secret for the data center sg"
    )
    assert stack.told("accounts", "list") == []


def test_an_unknown_column_stores_nothing(stack, file):
    refused = stack.run("accounts", "import", file(2, header="account_id,refresh_tokn"))

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "Unknown columns: 'refresh_tokn'." in refused.stderr
    assert stack.told("accounts", "list") == []


def test_a_dry_run_checks_and_stores_nothing(stack, file):
    done = stack.run("accounts", "import", file(625), "--dry-run")

    assert done.exit_code == 0
    assert "625 accounts would be stored" in done.stderr
    assert "takes about 9 min" in done.stderr
    assert stack.told("accounts", "import", file(1, lines=["x"]), "--dry-run", ends_with=1)
    assert stack.told("accounts", "list") == []


def test_watching_ends_when_each_account_has_been_read_or_has_failed(stack, file, meanwhile):
    def work():
        mark_read(stack, "acc_0", "acc_2")
        stack.accounts.mark_needs_user("acc_1", "invalid_grant", since=datetime.now(UTC))

    meanwhile(lambda: stack.accounts.get("acc_2"), work)

    told = stack.told("accounts", "import", file(3), ends_with=1)

    assert (told["read"], told["failed"], told["waiting"]) == (2, 1, 0)
    (failure,) = told["failures"]
    assert (failure["line"], failure["account_id"]) == (3, "acc_1")
    assert failure["reason"].startswith("invalid_grant: ")
    assert "another data center" in failure["reason"]


def test_an_account_that_was_read_once_and_lost_its_grant_is_in_no_wrong_data_center(stack, file):
    stack.run("accounts", "import", file(1), "--no-wait")
    mark_read(stack, "acc_0")
    stack.accounts.mark_needs_user("acc_0", "invalid_grant", since=datetime.now(UTC))

    told = stack.told("accounts", "import", file(1), ends_with=1)

    assert [each["reason"] for each in told["failures"]] == ["invalid_grant"]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda accounts: accounts.pause("acc_0"), "it is paused"),
        (
            lambda accounts: accounts.mark_erasing("acc_0", since=datetime.now(UTC)),
            "it was erased meanwhile",
        ),
    ],
)
def test_what_will_not_be_read_is_not_waited_for(stack, file, make, reason):
    stack.run("accounts", "import", file(1), "--no-wait")
    make(stack.accounts)

    told = stack.told("accounts", "import", file(1), ends_with=1)

    assert [each["reason"] for each in told["failures"]] == [reason]


def test_an_account_that_is_erased_while_it_is_waited_for_ends_the_waiting(stack, file, meanwhile):
    meanwhile(lambda: stack.accounts.get("acc_0"), lambda: stack.accounts.remove("acc_0"))

    told = stack.told("accounts", "import", file(1), ends_with=1)

    assert [each["reason"] for each in told["failures"]] == ["it was erased meanwhile"]


def test_the_waiting_ends_with_the_time_that_was_given(stack, file):
    began = time.monotonic()

    done = stack.run("accounts", "import", file(2), "--timeout", "0.5")

    assert 0.5 <= time.monotonic() - began < 10
    assert done.exit_code == 1
    assert "Timed out. Stored accounts keep syncing." in done.stderr
    assert "waiting        2" in done.stdout


@pytest.fixture
def interruptible():
    """A shell that runs the tests in the background has them ignore interrupts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_ends_the_waiting_with_a_report_and_loses_nothing(stack, file, meanwhile):
    main = threading.main_thread().ident

    def interrupt():
        time.sleep(0.3)  # so that it waits already
        signal.pthread_kill(main, signal.SIGINT)

    meanwhile(lambda: stack.accounts.get("acc_1"), interrupt)

    done = stack.run("accounts", "import", file(2))

    assert done.exit_code == 130
    assert "run the command again to continue" in done.stderr
    assert "waiting        2" in done.stdout
    assert len(stack.told("accounts", "list")) == 2


def test_where_the_table_does_not_answer_a_repetition_is_told_to_go_on(stack, file):
    stack.client("dynamodb").delete_table(TableName=stack.outputs["AccountsTableName"])

    refused = stack.run("accounts", "import", file(20))

    assert refused.exit_code == 1
    assert "Error: An error occurred (ResourceNotFoundException)" in refused.stderr
    assert "run the command again to continue" in refused.stderr
    assert "not stored     20" in refused.stdout


def test_an_account_that_the_table_does_not_take_fails_alone(stack):
    lines = [
        {"account_id": "acc_1", "refresh_token": REFRESH, "calendars": [f"{n:0250}"]}
        for n in range(2)
    ]
    lines[0] |= {"account_id": "acc_0", "calendars": [f"{n:0250}" for n in range(2000)]}
    written = "\n".join(json.dumps(each) for each in lines)

    done = stack.run("accounts", "import", "-", "--no-wait", "--json", stdin=written)

    told = json.loads(done.stdout)
    assert (done.exit_code, told["stored"], told["failed"]) == (1, 1, 1)
    assert told["failures"] == [
        {"line": 1, "account_id": "acc_0", "reason": "DynamoDB does not take it"}
    ]


def test_more_accounts_than_one_look_takes_are_all_followed(stack, file):
    stack.run("accounts", "import", file(205), "--no-wait")
    mark_read(stack, *(f"acc_{n}" for n in range(205)))

    told = stack.told("accounts", "import", file(205))

    assert (told["read"], told["waiting"]) == (205, 0)


def test_the_report_has_every_failure_and_the_screen_the_first(stack, file, tmp_path):
    report = tmp_path / "report.csv"

    done = stack.run(
        "accounts",
        "import",
        file(1, lines=["acc_1,"] * 60),
        "--no-wait",
        "--report",
        str(report),
    )

    assert done.exit_code == 1
    with report.open(newline="") as written:
        rows = list(csv.DictReader(written))
    assert len(rows) == 60
    assert rows[0] == {"line": "3", "account_id": "", "reason": "refresh_token is missing"}
    assert done.stdout.count("refresh_token is missing") == 50
    assert "… and 10 more" in done.stdout


def test_the_reads_are_asked_for_once_where_something_was_stored(
    stack, file, reconcile_function, caplog
):
    caplog.set_level(logging.INFO, "werkzeug")

    first = stack.run("accounts", "import", file(2), "--no-wait")
    again = stack.run("accounts", "import", file(2), "--no-wait")

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert NO_SCHEDULER not in first.stderr
    assert caplog.text.count(f"/functions/{reconcile_function}/invocations") == 1


def test_no_output_holds_a_token(stack, file, tmp_path):
    report = tmp_path / "report.csv"
    columns = "account_id,refresh_token,access_token"
    lines = [
        f"acc_1,{REFRESH},{ACCESS}",
        f"acc_2,{REFRESH} {ACCESS},",
        f"{REFRESH},acc_3,{ACCESS}",
        f"acc_4,{REFRESH},{ACCESS},{ACCESS}",
        f'acc_5,"{REFRESH},{ACCESS}',
        f"acc_6/,{REFRESH},{ACCESS}",
    ]
    options = ("--no-wait", "--report", str(report))
    results, written = [], ""
    for header in (columns, HEADER, f"{columns},{ACCESS}7", f"acc_1,{REFRESH},{ACCESS}"):
        for more in ((), ("--json",), ("--dry-run",)):
            named = file(header=header, lines=lines)
            results.append(stack.run("accounts", "import", named, *options, *more))
            written += report.read_text()

    said = "".join(result.output for result in results) + written
    assert {result.exit_code for result in results} == {1}
    assert [each for each in (REFRESH, ACCESS) if each in said] == []
    assert "acc_1" in stack.run("accounts", "list").output


def test_a_token_that_was_taken_for_an_id_is_not_said_when_it_fails(stack, file):
    misplaced = file(lines=[f"{ACCESS},{REFRESH}"])
    stack.run("accounts", "import", misplaced, "--no-wait")
    stack.accounts.mark_needs_user(ACCESS, "invalid_grant", since=datetime.now(UTC))

    done = stack.run("accounts", "import", misplaced)

    assert done.exit_code == 1
    assert "2     –           invalid_grant" in done.stdout
    assert ACCESS not in done.output


TOKEN = "Tk3n-of_the-property-0123456789abcdef"
cells = st.sampled_from([TOKEN, "acc_1", "acc_2", "us", "mars", "", '"', "{", " ", f'"{TOKEN}'])
heads = st.sampled_from([HEADER, f"{HEADER},data_center", f"{HEADER},{TOKEN}", TOKEN, "{", "["])
objects = st.dictionaries(st.sampled_from([*FIELDS, TOKEN]), cells | st.lists(cells, max_size=2))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    lines=st.lists(objects.map(json.dumps), min_size=1, max_size=4)
    | st.tuples(heads, st.lists(st.lists(cells, max_size=4).map(",".join), max_size=4)).map(
        lambda parts: [parts[0], *parts[1]]
    ),
    more=st.sampled_from([(), ("--json",), ("--dry-run",)]),
)
def test_whatever_stands_in_a_file_no_token_of_it_is_said(stack, lines, more):
    done = stack.run("accounts", "import", "-", "--no-wait", *more, stdin="\n".join(lines))

    assert done.exit_code in (0, 1)
    assert TOKEN not in done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)


def test_on_a_terminal_a_bar_shows_how_far_it_has_come(stack, file):
    ours, theirs = os.openpty()
    program = "from calmirror.main import main; main()"
    arguments = ["accounts", "import", file(3), "--no-wait", "--stack", str(stack.file)]

    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=theirs,
        timeout=60,
    )

    os.close(theirs)
    with os.fdopen(ours, "rb") as screen:
        said = screen.read1(100_000).decode()
    assert done.returncode == 0
    assert b"stored         3" in done.stdout
    assert ("storing" in said, "━" in said, "3/3" in said, REFRESH in said) == (True,) * 3 + (
        False,
    )
