"""The consumer in TypeScript: compiled, and told what the feed tells, where Node.js is at hand."""

import hashlib
import json
import os
import shutil
import subprocess
import time
from datetime import UTC, datetime, timedelta

import pytest

from calendar_mirror import announcements, feed, records
from calendar_mirror.accounts import Account, State, Tokens
from calendar_mirror.profiles import Profile
from calendar_mirror.records import Key
from console import dashboard
from tests.models import feed_contract
from tests.models.stream import Stream
from tests.models.template import ROOT

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FOLDER = ROOT / "examples" / "consumer-typescript"
SOURCE = FOLDER / "agenda"
TEMPLATE = dashboard.read(FOLDER / "template.yaml")
FUNCTION = TEMPLATE["Resources"]["AgendaFunction"]["Properties"]
IN_PYTHON = dashboard.read(ROOT / "examples" / "consumer" / "template.yaml")
TABLES = {"AgendaTable": "agenda", "ChangesTable": "changes"}
OLDEST_NODE = 20
LARGE = "x" * feed.MAX_ENTRY_BYTES
#: Hands entries to the function one after another, and tells how each ended.
DRIVER = """
const { handler } = require("./app.js");
(async () => {
  for (const line of require("fs").readFileSync(0, "utf8").split("\\n").filter(Boolean)) {
    const ended = await handler(JSON.parse(line)).then(() => "done", (error) => error.name);
    console.log(JSON.stringify({ ended }));
  }
})();
"""
#: Each line that follows a directive must be refused, or the compiler refuses the directive.
REFUSED = """
import type { AboutAnEvent, ChangeFeedEntry } from "./change-feed";
const ids = { account_id: "acc_1", change_id: "1" };
const source = "calendar-mirror";
const detail = { ...ids, user_refs: [] };
export const whole: ChangeFeedEntry = { source, "detail-type": "Account Erased", detail };
export const place: AboutAnEvent["table"] = { name: "events", pk: "acc_1", sk: "cal_1#evt_1" };
// @ts-expect-error no detail
export const a: ChangeFeedEntry = { source, "detail-type": "Account Erased" };
// @ts-expect-error no user_refs
export const b: ChangeFeedEntry = { source, "detail-type": "Account Erased", detail: ids };
// @ts-expect-error no source
export const c: ChangeFeedEntry = { "detail-type": "Account Erased", detail };
// @ts-expect-error no such detail type
export const d: ChangeFeedEntry = { ...whole, "detail-type": "Account Moved" };
// @ts-expect-error a detail of another type
export const e: ChangeFeedEntry = { ...whole, "detail-type": "Calendar Event Created" };
// @ts-expect-error no such field
export const f: ChangeFeedEntry = { ...whole, detail: { ...detail, colour: "red" } };
"""


def run(*command, directory, stdin=None, environ=None):
    """Run a program of the example's tools; nothing of the caller's AWS settings reaches it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(
        command,
        cwd=directory,
        env=kept | {"NO_UPDATE_NOTIFIER": "1"} | (environ or {}),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def npm(*arguments, directory):
    done = run("npm", *arguments, directory=directory)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def tools():
    """The folder node_modules that package-lock.json describes; made once, under .local/."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("no Node.js with npm at hand: the TypeScript consumer was not compiled")
    version = run("node", "--version", directory=ROOT).stdout
    if int(version.lstrip("v").partition(".")[0]) < OLDEST_NODE:
        pytest.skip(f"Node.js is {version.strip()}: the TypeScript consumer was not compiled")
    pins = (SOURCE / "package-lock.json").read_bytes() + version.encode()
    finished = ROOT / ".local" / "node" / hashlib.sha256(pins).hexdigest()[:16]
    if not finished.exists():
        unfinished = finished.with_name("unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(SOURCE / name, unfinished)
        options = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
        done = run("npm", "ci", *options, directory=unfinished)
        if done.returncode != 0:
            pytest.fail(f"The example's tools could not be had from a registry:\n{done.stderr}")
        unfinished.rename(finished)
    return finished / "node_modules"


def copied(tools, directory):
    """Copy the example to *directory*, at the same place beside the schema, with its tools."""
    copy = directory / SOURCE.relative_to(ROOT)
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("node_modules"))
    (copy / "node_modules").symlink_to(tools)
    schema = directory / feed_contract.SCHEMA.relative_to(ROOT)
    schema.parent.mkdir()
    shutil.copy(feed_contract.SCHEMA, schema)
    return copy


@pytest.fixture
def project(tools, tmp_path):
    return copied(tools, tmp_path)


@pytest.fixture(scope="module")
def bundle(tools, tmp_path_factory):
    """The folder with the function, bundled as SAM does."""
    folder = copied(tools, tmp_path_factory.mktemp("bundle"))
    build = TEMPLATE["Resources"]["AgendaFunction"]["Metadata"]["BuildProperties"]
    options = ("--bundle", "--platform=node", f"--target={build['Target']}", "--outfile=app.js")
    done = run(tools / ".bin" / "esbuild", *build["EntryPoints"], *options, directory=folder)
    assert done.returncode == 0, done.stderr
    (folder / "driver.js").write_text(DRIVER)
    return folder


@pytest.fixture
def tell(bundle, moto, dynamodb, client):
    """Give entries to the function; return how each ended, and what it said."""
    for name, table in TABLES.items():
        made = TEMPLATE["Resources"][name]["Properties"]
        names = ("BillingMode", "AttributeDefinitions", "KeySchema")
        client("dynamodb").create_table(TableName=table, **{each: made[each] for each in names})
    environ = {
        "AWS_ENDPOINT_URL": moto,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AGENDA_TABLE": "agenda",
        "CHANGES_TABLE": "changes",
        "REMEMBER_DAYS": "14",
    }
    assert environ.keys() >= FUNCTION["Environment"]["Variables"].keys()

    def tell(entries):
        lines = "\n".join(json.dumps(each) for each in entries)
        done = run("node", "driver.js", directory=bundle, stdin=lines, environ=environ)
        assert done.returncode == 0, done.stderr
        said = [json.loads(line) for line in done.stdout.splitlines()]
        ended = [each.pop("ended") for each in said if "ended" in each]
        return ended, [each for each in said if each]

    return tell


def row(uid, at=NOW, **fields):
    document = {"calendar_id": "cal_1", "event_uid": uid, **fields}
    return records.to_item(records.from_cronofy("acc_1", document), synced_at=at)


def tombstone(uid):
    return records.to_item(records.tombstone(Key("acc_1", "cal_1", uid)), synced_at=NOW)


def delivered(kind, detail, at=NOW):
    """Return an entry as EventBridge hands it to a function."""
    feed_contract.hold(kind, detail)
    when = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    entry = {"source": announcements.SOURCE, "detail-type": kind, "detail": json.loads(detail)}
    return entry | {"time": when, "id": "1", "version": "0"}


def entries(stream):
    found = [feed.entry(write, table="events") for write in feed.from_stream(stream.records)]
    return [delivered(each.detail_type, each.detail) for each in found if each]


def announced(announcement, at=NOW):
    return delivered(announcement.change.value, announcement.detail, at)


def account(**fields):
    profile = Profile("pro_1", "google", "a@example.com", False, "https://relink", False)
    return Account("acc_1", "us", Tokens("refresh"), profiles=(profile,), **fields)


def history():
    """Writes of each kind; one event is too large for an entry."""
    stream = Stream()
    for item in (
        row("a", summary="Lunch", start="2026-02-01T12:00:00Z", end="2026-02-01T13:00:00Z"),
        row("b", summary="Retreat", start="2026-02-02", end="2026-02-04"),
        row("a", NOW + MINUTE, summary="Late lunch", start="2026-02-01T14:00:00Z"),
        row("large", summary="Large", start="2026-02-05", description=LARGE),
        row("c", summary="Gone", start="2026-02-06"),
        tombstone("c"),
    ):
        stream.put(item)
    return stream


def shown(dynamodb):
    """Return what the agenda shows."""
    items = dynamodb.scan(TableName="agenda")["Items"]
    return {
        item["sk"].removeprefix("cal_1#"): item["summary"]
        for item in items
        if item.get("deleted") is False
    }


def test_the_stack_is_that_of_the_consumer_in_python_with_another_function():
    ours, theirs = (
        {**template["Resources"], "AgendaFunction": None} for template in (TEMPLATE, IN_PYTHON)
    )
    other = IN_PYTHON["Resources"]["AgendaFunction"]["Properties"]

    assert ours == theirs
    assert {**other, "Runtime": FUNCTION["Runtime"]} == FUNCTION
    assert (TEMPLATE["Parameters"], TEMPLATE["Outputs"]) == (
        IN_PYTHON["Parameters"],
        IN_PYTHON["Outputs"],
    )


def test_the_lock_file_has_a_checksum_for_each_package_and_names_no_host():
    text = (SOURCE / "package-lock.json").read_text()
    packages = {name: each for name, each in json.loads(text)["packages"].items() if name}

    assert packages
    assert [name for name, each in packages.items() if "integrity" not in each] == []
    assert "://" not in text


def test_the_types_are_those_that_the_schema_generates(project):
    npm("run", "--silent", "types", directory=project)

    assert (project / "change-feed.ts").read_text() == (SOURCE / "change-feed.ts").read_text()


def test_the_consumer_compiles_and_what_the_contract_does_not_allow_is_refused(project):
    (project / "refused.ts").write_text(REFUSED)

    npm("run", "--silent", "check", directory=project)


def test_the_compiler_notices_a_detail_type_that_is_not_dealt_with(project):
    app = project / "app.ts"
    app.write_text(app.read_text().replace('case "Account Connected":', "case undefined as never:"))
    done = run("npm", "run", "--silent", "check", directory=project)

    assert done.returncode != 0
    assert "AccountConnected" in done.stdout


def test_the_agenda_is_right_however_often_and_in_which_order_it_is_told(tell, dynamodb):
    stream = history()
    for item in stream.rows.values():
        dynamodb.put_item(TableName="events", Item=item)
    told = entries(stream)

    assert {*tell([*reversed(told), *told])[0]} == {"done"}
    assert shown(dynamodb) == {"a": "Late lunch", "b": "Retreat", "large": "Large"}


def test_sequence_numbers_of_any_length_are_compared_as_numbers(tell, dynamodb):
    stream = Stream()
    stream.put(row("a", summary="Lunch"))
    (entry,) = entries(stream)
    numbers = (("9" * 21, "first"), ("1" + "0" * 39, "last"), ("9" * 38, "between"))
    told = []
    for number, summary in numbers:
        event = {**entry["detail"]["event"], "summary": summary}
        detail = {**entry["detail"], "event": event, "sequence_number": number, "change_id": number}
        told.append({**entry, "detail": detail})

    tell(told)

    assert shown(dynamodb) == {"a": "last"}


def test_a_change_is_dealt_with_once_and_again_where_it_failed(tell, dynamodb):
    gone = announced(announcements.due(account(state=State.NEEDS_USER, state_reason="forbidden")))
    key = {"change_id": gone["detail"]["change_id"]}
    now = int(time.time())
    claim = {**key, "claimed_until": now + 1000, "expires_at": now + 2000}
    dynamodb.put_item(TableName="changes", Item=claim)

    assert tell([gone]) == (["BeingDealtWithError"], [])
    dynamodb.put_item(TableName="changes", Item={**claim, "claimed_until": now - 1})
    said = {"message": "disconnected", "account_id": "acc_1", "reason": "forbidden", "links": 1}
    assert tell([gone, gone, gone]) == (["done"] * 3, [said])


def test_a_claim_ends_after_the_function_and_before_lambda_tries_again():
    text = (SOURCE / "changes.ts").read_text()
    seconds = int(text.partition("const CLAIM_SECONDS = ")[2].partition(";")[0])

    assert FUNCTION["Timeout"] < seconds < 60


def test_nothing_of_an_erased_account_is_left_or_comes_back(tell, dynamodb):
    *early, late = entries(history())
    erased = announced(announcements.erased(account()), at=NOW + 2 * MINUTE)

    tell([*early, erased, late])

    (mark,) = dynamodb.scan(TableName="agenda")["Items"]
    assert (mark["pk"], mark["sk"]) == ("acc_1", "erased")


def test_the_account_can_be_connected_again(tell, dynamodb):
    again = Stream()
    again.put(row("a", NOW + 5 * MINUTE, summary="after"))
    erased = announced(announcements.erased(account()), at=NOW + 2 * MINUTE)

    tell([erased, *entries(again)])

    assert shown(dynamodb) == {"a": "after"}
