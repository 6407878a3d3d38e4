"""The samples in `events/`: what the functions make of them, and that they can be made anew."""

import base64
import hashlib
import hmac
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from calendar_mirror import connect_links, feed, instants, messages, planning, receive
from calendar_mirror.client_secrets import ClientSecrets
from calendar_mirror.credentials import ClientCredentials
from calendar_mirror.feed import EventChange
from calendar_mirror.messages import Kind
from calendar_mirror.notifications import Type
from calendar_mirror.planning import CompletedRead
from calendar_mirror.receive import Outcome
from calendar_mirror.sync_queue import deliveries
from calmirror import samples
from calmirror.main import main
from functions.receive import app
from local_stack import provider

ROOT = Path(__file__).parents[3]
EVENTS = ROOT / "events"
#: When the committed samples happen, as `make samples` says.
AT = re.search(r"calmirror sample all --at (\S+)", (ROOT / "Makefile").read_text())[1]
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
OUTCOMES = {
    Type.VERIFICATION: Outcome.ACKNOWLEDGED,
    Type.CHANGE: Outcome.QUEUED,
    Type.PROFILE_DISCONNECTED: Outcome.QUEUED,
    Type.CONFERENCING_PROFILE_DISCONNECTED: Outcome.QUEUED,
    Type.PROFILE_INITIAL_SYNC_COMPLETED: Outcome.QUEUED,
    Type.GDPR_REQUESTED: Outcome.QUEUED,
}


def run(*arguments, stdin=None):
    return CliRunner().invoke(main, ["sample", *arguments], input=stdin)


def loaded(name):
    return json.loads((EVENTS / samples.file_name(name)).read_text())


def admitted(event, secret=samples.SIGNED_WITH):
    """Let `receive` decide on *event*; return its receipt, and what it would have sent."""
    sent = []
    known = {"us": ClientCredentials("id", (secret,))}
    receipt = receive.admit(
        app.body_of(event),
        app.signature_of(event),
        secrets=ClientSecrets(lambda: known, lambda: 0.0),
        send=sent.append,
        received_at=NOW,
        merge=timedelta(seconds=1),
    )
    return receipt, sent


def times(document):
    """Find every time in a sample: written out, or in milliseconds or seconds of the epoch."""
    text = json.dumps(document)
    for found in re.findall(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", text):
        yield instants.parse(f"{found}Z")
    for found in re.findall(r"(?<![\w.])\d{10}(?:\d{3})?(?!\w)", text):
        yield datetime.fromtimestamp(int(found[:10]), UTC)


def link_of(event):
    return connect_links.read_link(
        event["queryStringParameters"]["link"],
        connect_links.keys(samples.LINK_KEY),
        now=datetime.now(UTC),
    )


def test_there_is_a_sample_of_each_name_and_no_other():
    names = {samples.file_name(each) for each in samples.NAMES}

    assert {*Type} <= {*samples.NAMES}
    assert {file.name for file in EVENTS.iterdir()} == names


def test_writing_them_anew_gives_exactly_the_committed_files(tmp_path):
    assert run("all", "--at", AT, "--write", str(tmp_path / "new")).exit_code == 0

    new = {file.name: file.read_bytes() for file in (tmp_path / "new").iterdir()}
    committed = {file.name: file.read_bytes() for file in EVENTS.iterdir()}
    # A link is compressed, by one zlib in more bytes than by another.
    links = [link_of(json.loads(each.pop("connect_link.json"))) for each in (new, committed)]
    assert new == committed
    assert links[0] == links[1]


@pytest.mark.parametrize("name", samples.NAMES)
def test_nothing_in_a_sample_is_past(name):
    found = list(times(loaded(name)))

    assert found
    assert min(found) > datetime.now(UTC)


@pytest.mark.parametrize("name", samples.NAMES)
def test_a_sample_made_now_happens_now(name):
    before = datetime.now(UTC).replace(microsecond=0)

    made = list(times(json.loads(run(name).stdout)))

    assert before <= min(made) <= before + timedelta(minutes=1)


@pytest.mark.parametrize("kind", Type)
def test_a_sample_is_admitted_as_its_type_deserves(kind):
    receipt, sent = admitted(loaded(kind))

    assert (receipt.outcome, receipt.type, receipt.status) == (OUTCOMES[kind], kind, 200)
    assert len(sent) == (receipt.outcome is Outcome.QUEUED)
    assert {message.account_id for message in sent} <= {"acc_sample"}


@pytest.mark.parametrize("kind", Type)
def test_a_sample_is_refused_where_another_secret_is_known(kind):
    receipt, sent = admitted(loaded(kind), secret="another")

    assert (receipt.status, sent) == (401, [])


def test_the_message_is_one_that_sync_understands():
    (delivery,) = deliveries(loaded(samples.MESSAGE))

    message = messages.decode(delivery.body)

    assert message.account_id == delivery.group == "acc_sample"
    assert (message.kind, message.cause) == (Kind.DELTA, Type.CHANGE)
    assert message.stands_until > message.received_at


def test_the_message_is_what_receive_makes_of_the_change():
    _, (sent,) = admitted(loaded(Type.CHANGE))
    (delivery,) = deliveries(loaded(samples.MESSAGE))
    message = messages.decode(delivery.body)

    assert (sent.account_id, sent.kind, sent.changes_since, sent.cause) == (
        message.account_id,
        message.kind,
        message.changes_since,
        message.cause,
    )


def test_a_message_that_lies_ahead_is_never_taken_for_one_that_was_read_for():
    (delivery,) = deliveries(loaded(samples.MESSAGE))
    message, now = messages.decode(delivery.body), datetime.now(UTC)

    just_read = CompletedRead(now, now - timedelta(hours=1))
    assert planning.unsettled([message], just_read) == (message,)


def test_the_connect_link_is_good_and_leads_to_the_data_center_of_the_local_stack():
    assert (link_of(loaded(samples.CONNECT)).data_center) == "us"


def test_a_connect_link_is_signed_with_the_key_given():
    event = json.loads(run(samples.CONNECT, "--secret", "another key").stdout)

    assert link_of(event) is connect_links.Refusal.FORGED


def test_the_write_is_told_as_an_event_that_was_created():
    (write,) = feed.from_stream(loaded(samples.WRITE)["Records"])

    entry = feed.entry(write, table="events")

    assert entry.detail_type == EventChange.CREATED
    assert json.loads(entry.detail)["event"]["summary"] == "Lunch"


def test_they_are_signed_with_what_the_local_stack_accepts():
    assert provider.from_environ({}).client_secret == samples.SIGNED_WITH
    assert provider.LOCAL_LINK_KEY == samples.LINK_KEY


@pytest.mark.parametrize("stdin", [None, "my secret\n"])
def test_one_is_signed_for_the_secret_given(stdin):
    given = "-" if stdin else "my secret"

    printed = run("change", "--secret", given, "--account-id", "acc@1", stdin=stdin)

    receipt, (sent,) = admitted(json.loads(printed.output), secret="my secret")
    assert (printed.exit_code, receipt.status, sent.account_id) == (0, 200, "acc@1")


def test_the_message_is_for_the_account_given():
    printed = run(samples.MESSAGE, "--account-id", "acc@1")

    (delivery,) = deliveries(json.loads(printed.output))
    assert messages.decode(delivery.body).account_id == delivery.group == "acc@1"


def test_the_body_alone_comes_with_the_header_to_send():
    printed = run("verification", "--body-only", "--secret", "s")

    header, empty, body = printed.output.removesuffix("\n").split("\n")
    digest = base64.b64encode(hmac.digest(b"s", body.encode(), hashlib.sha256)).decode()
    assert (header, empty) == (f"Cronofy-HMAC-SHA256: {digest}", "")
    assert json.loads(body)["notification"] == {"type": "verification"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("VERIFICATION",),
        (),
        ("all", "--body-only"),
        (samples.MESSAGE, "--body-only"),
        ("change", "--account-id", "a/b"),
        ("change", "--account-id", ""),
        ("change", "--secret", ""),
        ("change", "--at", "yesterday"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(arguments):
    refused = run(*arguments)

    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "Error: " in refused.stderr
