"""The bus' edge on moto's EventBridge, with a queue that listens, and on the simulation's."""

import json

import boto3
import pytest
from botocore.config import Config

from calendar_mirror.change_bus import ChangeBus, Sent
from calendar_mirror.feed import Entry
from tests.integration.conftest import ACCESS
from tests.models.aws_clients import EventBridge


@pytest.fixture(params=["moto", "simulated"])
def events(request):
    if request.param == "simulated":
        return EventBridge()
    events = request.getfixturevalue("client")("events")
    events.create_event_bus(Name="changes")
    return events


@pytest.fixture
def heard(events, request):
    """Return what has come to a subscriber so far, in order, as a function."""
    if isinstance(events, EventBridge):
        return lambda: [as_heard(entry) for entry in events.entries]
    return listener(events, request.getfixturevalue("sqs"))


def as_heard(entry):
    """Return what EventBridge makes of an entry for those who listen."""
    return {
        "source": entry["Source"],
        "detail-type": entry["DetailType"],
        "detail": json.loads(entry["Detail"]),
    }


def listener(events, sqs):
    url = sqs.create_queue(QueueName="listener")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    pattern = json.dumps({"source": ["calendar-mirror"]})
    events.put_rule(Name="all", EventBusName="changes", EventPattern=pattern)
    target = {"Id": "1", "Arn": attributes["QueueArn"]}
    events.put_targets(Rule="all", EventBusName="changes", Targets=[target])
    kept = []

    def heard():
        while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for each in found:
                kept.append(json.loads(each["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return kept

    return heard


def entries(count, *, subjects=7):
    return [
        Entry("Calendar Event Updated", json.dumps({"number": n, "word": "é"}), f"{n % subjects}")
        for n in range(count)
    ]


def test_entries_arrive_in_their_order_however_many_there_are(events, heard):
    assert ChangeBus(events, "changes").publish_all(entries(25)) == Sent(25)

    assert [each["detail"] for each in heard()] == [{"number": n, "word": "é"} for n in range(25)]
    assert {(each["source"], each["detail-type"]) for each in heard()} == {
        ("calendar-mirror", "Calendar Event Updated")
    }


def test_no_entries_need_no_call():
    assert ChangeBus(None, "changes").publish_all([]) == Sent(0)


def test_an_entry_that_eventbridge_refuses_is_named_with_its_reason(events, heard):
    broken = Entry("Calendar Event Updated", "no JSON", "broken")

    sent = ChangeBus(events, "changes").publish_all([*entries(12), broken, *entries(3)])

    assert (sent.count, sent.trouble) == (12, "MalformedDetail")
    assert [each["detail"]["number"] for each in heard()[:12]] == list(range(12))


def test_a_bus_that_cannot_be_reached_took_nothing():
    once = Config(retries={"total_max_attempts": 1})
    away = boto3.client("events", endpoint_url="http://127.0.0.1:1", config=once, **ACCESS)

    assert ChangeBus(away, "changes").publish_all(entries(3)) == Sent(0, "EndpointConnectionError")
    away.close()
