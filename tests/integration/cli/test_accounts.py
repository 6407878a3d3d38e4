import json
from datetime import UTC, datetime

import pytest

from calendar_mirror.accounts import State

REFRESH, ACCESS = "refresh-token-of-the-test", "access-token-of-the-test"


def add(stack, *more, account_id="acc_1", token=REFRESH, stdin=None):
    return stack.run("accounts", "add", account_id, "--refresh-token", token, *more, stdin=stdin)


def test_adding_stores_the_tokens_and_asks_for_one_full_read(stack):
    done = add(stack, "--access-token", ACCESS)

    assert (done.exit_code, done.stdout.count("acc_1")) == (0, 1)
    account = stack.accounts.get("acc_1")
    assert (account.tokens.refresh, account.tokens.access) == (REFRESH, ACCESS)
    assert (account.state, account.data_center) == (State.CONNECTED, "us")
    (message,) = stack.messages()
    assert (message["kind"], message["cause"]) == ("full", "operator")
    assert message["account_id"] == "acc_1"


def test_adding_calls_cronofy_for_nothing(stack):
    add(stack)

    assert stack.control("GET", "calls")["total"] == 0


def test_a_token_from_the_standard_input_needs_no_place_on_the_command_line(stack):
    assert add(stack, token="-", stdin=f"{REFRESH}\n").exit_code == 0
    assert stack.accounts.get("acc_1").tokens.refresh == REFRESH


def test_what_was_done_is_told_to_programs(stack):
    arguments = ("accounts", "add", "acc_1", "--refresh-token", REFRESH)

    assert stack.told(*arguments) == {
        "account_id": "acc_1",
        "outcome": "added",
        "requested": "full",
    }
    assert stack.told(*arguments, "--replace-tokens")["outcome"] == "tokens_replaced"


def test_an_account_that_is_there_is_left_as_it_is(stack):
    add(stack)
    stack.messages()

    refused = add(stack, "--access-token", "other", token="other")

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "is there already" in refused.stderr
    assert "--replace-tokens" in refused.stderr
    assert stack.accounts.get("acc_1").tokens.refresh == REFRESH
    assert stack.messages() == []


def test_replacing_the_tokens_keeps_the_rest_and_asks_for_a_full_read(stack, account):
    before = stack.accounts.get(account["account_id"])

    done = add(stack, "--replace-tokens", account_id=account["account_id"])

    assert done.exit_code == 0
    after = stack.accounts.get(account["account_id"])
    assert (after.tokens.refresh, after.tokens.access) == (REFRESH, None)
    assert (after.channel, after.last_read) == (before.channel, before.last_read)
    assert [message["kind"] for message in stack.messages()] == ["full"]


def test_replacing_the_tokens_of_an_account_that_is_not_there_adds_it(stack):
    assert add(stack, "--replace-tokens").exit_code == 0
    assert stack.accounts.get("acc_1") is not None


def test_new_tokens_heal_an_account_that_needed_its_user(stack, account):
    account_id = account["account_id"]
    stack.accounts.mark_needs_user(account_id, "invalid_grant", since=datetime.now(UTC))
    tokens = stack.control("POST", f"accounts/{account_id}/tokens", {})

    add(stack, "--replace-tokens", account_id=account_id, token=tokens["refresh_token"])
    stack.settle()

    assert stack.told("accounts", "show", account_id)["state"] == "connected"


def test_an_account_is_in_the_data_center_that_is_named(stack):
    add(stack, "--data-center", "de")

    assert stack.accounts.get("acc_1").data_center == "de"


def test_replacing_tokens_does_not_move_an_account_to_another_data_center(stack):
    add(stack)
    stack.messages()

    refused = add(stack, "--replace-tokens", "--data-center", "de", token="other")

    assert refused.exit_code == 1
    assert stack.accounts.get("acc_1").tokens.refresh == REFRESH
    assert stack.messages() == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("acc_1",),
        ("--refresh-token", REFRESH),
        ("a/b", "--refresh-token", REFRESH),
        ("", "--refresh-token", REFRESH),
        ("acc_1", "--refresh-token", ""),
        ("acc_1", "--refresh-token", "-"),
        ("acc_1", "--refresh-token", REFRESH, "--data-center", "mars"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error_and_does_nothing(stack, arguments):
    refused = stack.run("accounts", "add", *arguments, stdin="")

    assert (refused.exit_code, refused.stdout) == (2, "")
    assert stack.told("accounts", "list") == []
    assert stack.messages() == []


def test_an_account_that_was_added_is_read_and_gets_its_channel(stack, account):
    found = stack.told("accounts", "show", account["account_id"])

    assert found["state"] == "connected"
    assert found["last_read_started_at"]
    (channel,) = stack.control("GET", f"accounts/{account['account_id']}")["channels"]
    assert found["channel_id"] == channel["channel_id"]


def test_accounts_are_listed_in_order(stack):
    add(stack, account_id="acc_2")
    add(stack, account_id="acc_1")

    assert [each["account_id"] for each in stack.told("accounts", "list")] == ["acc_1", "acc_2"]
    head, first, second = stack.run("accounts", "list").stdout.splitlines()
    assert head.split()[:2] == ["account", "id"]
    assert first.split() == ["acc_1", "connected", "–", "us", "never"]
    assert second.split()[0] == "acc_2"


def test_without_accounts_the_list_says_so(stack):
    assert stack.run("accounts", "list").stdout == "No account is in place.\n"


def test_an_account_that_is_not_there_cannot_be_shown(stack):
    refused = stack.run("accounts", "show", "acc_1")

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr == "Error: There is no account acc_1.\n"


def test_an_account_is_shown_with_a_line_for_each_field_that_says_something(stack):
    add(stack)

    lines = stack.run("accounts", "show", "acc_1").stdout.splitlines()

    assert [line.split()[-1] for line in lines if line.startswith("state  ")] == ["connected"]
    told = stack.told("accounts", "show", "acc_1")
    names = {name.replace("_", " ") for name, value in told.items() if value}
    assert names <= {line.split("  ")[0] for line in lines}


def test_no_command_prints_a_token_or_the_secret_and_each_tells_programs_one_document(
    stack, account
):
    account_id = account["account_id"]
    tokens = stack.accounts.get(account_id).tokens
    replaced = ("--refresh-token", tokens.refresh, "--access-token", tokens.access)
    results = []
    for command in (
        ("accounts", "add", account_id, *replaced, "--replace-tokens"),
        ("accounts", "list"),
        ("accounts", "show", account_id),
        ("sync", account_id),
        ("verify", account_id),
        ("events", account_id),
        ("notify", account_id),
        ("dlq", "list"),
        ("status",),
    ):
        results += [stack.run(*command), stack.run(*command, "--json")]
        assert json.loads(results[-1].stdout) is not None
    refused = stack.run("accounts", "add", account_id, *replaced)

    assert {result.exit_code for result in results} == {0}
    assert refused.exit_code == 1
    said = "".join(result.output for result in [*results, refused])
    hidden = (tokens.refresh, tokens.access, account["refresh_token"], "secret-of-the-tests")
    assert [each for each in hidden if each in said] == []
    assert account_id in said
