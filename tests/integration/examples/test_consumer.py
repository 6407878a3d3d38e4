"""The example consumer: its rules on moto's bus, and its function, told what the feed tells."""

import json
import random
from datetime import UTC, datetime, timedelta

import pytest

from calendar_mirror import announcements, feed, records
from calendar_mirror.accounts import Account, State, Tokens
from calendar_mirror.change_bus import ChangeBus
from calendar_mirror.profiles import Profile
from calendar_mirror.records import Key
from console import dashboard
from examples.consumer.agenda import app
from tests.models.stream import Stream
from tests.models.template import ROOT

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)
FOLDER = ROOT / "examples" / "consumer"
TEMPLATE = dashboard.read(FOLDER / "template.yaml")
FUNCTION = TEMPLATE["Resources"]["AgendaFunction"]["Properties"]
RULES = {name: each["Properties"] for name, each in FUNCTION["Events"].items()}
LARGE = "x" * feed.MAX_ENTRY_BYTES
MINUTE = timedelta(minutes=1)
TABLES = {"AgendaTable": "agenda", "ChangesTable": "changes"}


def row(uid, at=NOW, **fields):
    document = {"calendar_id": "cal_1", "event_uid": uid, **fields}
    return records.to_item(records.from_cronofy("acc_1", document), synced_at=at)


def tombstone(uid):
    return records.to_item(records.tombstone(Key("acc_1", "cal_1", uid)), synced_at=NOW)


@pytest.fixture
def history():
    """Writes of each kind; one event is too large for an entry, one changes out of sight."""
    stream = Stream()
    for item in (
        row("a", summary="Lunch", start="2026-02-01T12:00:00Z", end="2026-02-01T13:00:00Z"),
        row("b", summary="Retreat", start="2026-02-02", end="2026-02-04"),
        row("a", NOW + MINUTE, summary="Late lunch", start="2026-02-01T14:00:00Z"),
        row("b", NOW + MINUTE, summary="Retreat", start="2026-02-02", end="2026-02-04", color=7),
        row("large", summary="Large", start="2026-02-05", description=LARGE),
        row("c", summary="Gone", start="2026-02-06"),
        tombstone("c"),
    ):
        stream.put(item)
    return stream


@pytest.fixture
def heard(client, sqs):
    """Put entries on a bus with the template's rules; return what each rule was told."""
    events = client("events")
    events.create_event_bus(Name="changes")
    urls = {}
    for name, rule in RULES.items():
        urls[name] = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=urls[name], AttributeNames=["QueueArn"])
        pattern = json.dumps(rule["Pattern"])
        events.put_rule(Name=name, EventBusName="changes", EventPattern=pattern)
        target = {"Id": "1", "Arn": arn["Attributes"]["QueueArn"]}
        events.put_targets(Rule=name, EventBusName="changes", Targets=[target])
    bus = ChangeBus(events, "changes")

    def heard(stream, *told):
        writes = feed.from_stream(stream.records)
        found = [entry for write in writes if (entry := feed.entry(write, table="events"))]
        assert bus.publish_all(found).count == len(found)
        for each in told:
            bus.publish(each)
        return {name: list(received(sqs, url)) for name, url in urls.items()}

    return heard


def received(sqs, url):
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in found:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            yield json.loads(message["Body"])


@pytest.fixture
def agenda(moto, dynamodb, client, monkeypatch):
    """The function's tables, made as its template says; return what the agenda shows."""
    for name, table in TABLES.items():
        made = TEMPLATE["Resources"][name]["Properties"]
        names = ("BillingMode", "AttributeDefinitions", "KeySchema")
        client("dynamodb").create_table(TableName=table, **{each: made[each] for each in names})
    environ = {
        "AWS_ENDPOINT_URL": moto,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AGENDA_TABLE": "agenda",
        "CHANGES_TABLE": "changes",
        "REMEMBER_DAYS": "14",
    }
    assert environ.keys() >= FUNCTION["Environment"]["Variables"].keys()
    for variable, value in environ.items():
        monkeypatch.setenv(variable, value)
    app.tables.cache_clear()
    app.resource.cache_clear()

    def shown():
        items = dynamodb.scan(TableName="agenda")["Items"]
        return {
            item["sk"].removeprefix("cal_1#"): item["summary"]
            for item in items
            if item.get("deleted") is False
        }

    yield shown
    app.resource().meta.client.close()


def account(**fields):
    profile = Profile("pro_1", "google", "a@example.com", False, "https://relink", False)
    return Account("acc_1", "us", Tokens("refresh"), profiles=(profile,), **fields)


def all_of(told):
    return [each for entries in told.values() for each in entries]


def test_each_rule_is_told_of_its_kind_and_updates_of_what_the_agenda_shows(heard, history):
    gone = account(state=State.NEEDS_USER, state_reason="invalid_grant")
    fine = Account("acc_1", "us", Tokens("refresh"))
    told = heard(
        history, announcements.due(fine), announcements.due(gone), announcements.erased(fine)
    )

    uids = {
        name: [each["detail"].get("event_uid") for each in found] for name, found in told.items()
    }
    assert uids == {
        "EventCreated": ["a", "b", "large", "c"],
        "EventUpdated": ["a"],
        "EventDeleted": ["c"],
        "AccountConnected": [None],
        "AccountDisconnected": [None],
        "AccountErased": [None],
    }
    kinds = {each["detail-type"] for each in all_of(told)}
    assert kinds == {*feed.EventChange, *announcements.AccountChange}
    assert kinds == app.ACTIONS.keys()


def test_an_update_too_large_to_say_what_changed_is_told(heard):
    stream = Stream()
    stream.put(row("a"))
    stream.put(row("a", **{f"{'n' * 60}{number}": None for number in range(5000)}))

    (told,) = heard(stream)["EventUpdated"]
    assert "changed" in told["detail"]["truncated"]


@pytest.mark.parametrize("seed", range(4))
def test_the_agenda_is_right_however_often_and_in_which_order_it_is_told(
    heard, history, agenda, dynamodb, seed
):
    for item in history.rows.values():
        dynamodb.put_item(TableName="events", Item=item)
    told = all_of(heard(history)) * 2
    random.Random(seed).shuffle(told)

    for each in told:
        app.handler(each, None)

    assert agenda() == {"a": "Late lunch", "b": "Retreat", "large": "Large"}


def test_sequence_numbers_of_any_length_are_compared_as_numbers(heard, agenda):
    stream = Stream()
    stream.put(row("a", summary="Lunch"))
    (entry,) = all_of(heard(stream))
    told = (("9" * 21, "first"), ("1" + "0" * 39, "last"), ("9" * 38, "between"))

    for number, summary in told:
        event = {**entry["detail"]["event"], "summary": summary}
        detail = {**entry["detail"], "event": event, "sequence_number": number, "change_id": number}
        app.handler({**entry, "detail": detail}, None)

    assert agenda() == {"a": "last"}


def test_a_change_that_comes_again_is_dropped(heard, agenda, monkeypatch):
    stream, done = Stream(), []
    stream.put(row("a"))
    monkeypatch.setitem(app.ACTIONS, "Calendar Event Created", lambda *_: done.append(1))
    (entry,) = all_of(heard(stream))

    for _ in range(3):
        app.handler(entry, None)

    assert done == [1]


def test_a_change_that_failed_is_dealt_with_when_it_comes_again(heard, agenda, monkeypatch):
    stream, clock = Stream(), [1_000_000]
    stream.put(row("a", summary="Lunch"))
    (entry,) = all_of(heard(stream))
    monkeypatch.setattr(app.time, "time", lambda: clock[0])
    monkeypatch.setitem(app.ACTIONS, "Calendar Event Created", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        app.handler(entry, None)
    monkeypatch.setitem(app.ACTIONS, "Calendar Event Created", app.event_is)

    with pytest.raises(app.BeingDealtWithError):
        app.handler(entry, None)
    clock[0] += 60
    app.handler(entry, None)

    assert agenda() == {"a": "Lunch"}


def test_a_claim_ends_after_the_function_and_before_lambda_tries_again():
    assert FUNCTION["Timeout"] < app._CLAIM_S < 60  # noqa: SLF001


def test_nothing_of_an_erased_account_is_left_or_comes_back(heard, history, agenda, dynamodb):
    erased = announcements.erased(account())
    told = heard(history, erased)
    (erasure,) = told.pop("AccountErased")
    *early, late = all_of(told)
    for each in early:
        app.handler(each, None)
    assert agenda()

    app.handler(erasure, None)
    app.handler(late, None)

    assert agenda() == {}
    (mark,) = dynamodb.scan(TableName="agenda")["Items"]
    assert (mark["pk"], mark["sk"]) == ("acc_1", "erased")


def test_the_account_can_be_connected_again(heard, agenda):
    stream, again = Stream(), Stream()
    stream.put(row("a", summary="before"))
    again.put(row("a", datetime.now(UTC) + MINUTE, summary="after"))
    again.records[0]["eventID"] = "another"
    told = heard(stream, announcements.erased(account()))
    app.handler(told["AccountErased"][0], None)

    for each in (*told["EventCreated"], *heard(again)["EventCreated"]):
        app.handler(each, None)

    assert agenda() == {"a": "after"}


def test_what_is_said_of_a_disconnected_account_holds_no_link(heard, agenda, capsys):
    gone = account(state=State.NEEDS_USER, state_reason="invalid_grant")

    for each in all_of(heard(Stream(), announcements.due(gone))):
        app.handler(each, None)

    said = json.loads(capsys.readouterr().out)
    assert said == {
        "message": "disconnected",
        "account_id": "acc_1",
        "reason": "invalid_grant",
        "links": 1,
    }
