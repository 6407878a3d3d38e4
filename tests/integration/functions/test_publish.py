"""The door of `publish`, whole: what moto's DynamoDB puts into its stream, and moto's bus."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import uuid4

import pytest

from calendar_mirror import records
from calendar_mirror.events_table import EventsTable
from calendar_mirror.records import Key
from functions.publish import app

CONTEXT = SimpleNamespace(
    function_name="publish",
    memory_limit_in_mb=512,
    invoked_function_arn="arn",
    aws_request_id="request-1",
)
PLANTED = "planted-summary"


class Mirror:
    """The events table, with its stream, and somebody who listens to the bus."""

    def __init__(self, dynamodb, streams, sqs, queue_url):
        self.table, self.dynamodb = EventsTable(dynamodb, "events"), dynamodb
        self.streams, self.sqs, self.queue_url = streams, sqs, queue_url

    def write(self, event_uid, **fields):
        document = {"calendar_id": "cal_1", "event_uid": event_uid, **fields}
        self._put(records.from_cronofy("acc_1", document))

    def delete(self, event_uid):
        self._put(records.tombstone(Key("acc_1", "cal_1", event_uid)))

    def erase(self, event_uid):
        self.table.erase([Key("acc_1", "cal_1", event_uid)])

    def _put(self, record):
        self.table.write([record], synced_at=datetime.now(UTC))

    def records(self):
        """Return the stream from its start, as Lambda hands it over."""
        (stream,) = self.streams.list_streams(TableName="events")["Streams"]
        arn = stream["StreamArn"]
        (shard,) = self.streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        iterator = self.streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        found = self.streams.get_records(ShardIterator=iterator)["Records"]
        return [{**each, "dynamodb": on_lambda(each["dynamodb"])} for each in found]

    def heard(self):
        """Return what has come to the subscriber, in order."""
        found = self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10)
        return [json.loads(each["Body"]) for each in found.get("Messages", [])]


def on_lambda(change):
    return {
        **change,
        "ApproximateCreationDateTime": change["ApproximateCreationDateTime"].timestamp(),
    }


@pytest.fixture
def mirror(moto, dynamodb, client, sqs, monkeypatch):
    dynamodb.update_table(
        TableName="events",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    events, url = client("events"), sqs.create_queue(QueueName="listener")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    events.create_event_bus(Name="changes")
    pattern = json.dumps({"source": ["calendar-mirror"]})
    events.put_rule(Name="all", EventBusName="changes", EventPattern=pattern)
    targets = [{"Id": "1", "Arn": arn["QueueArn"]}]
    events.put_targets(Rule="all", EventBusName="changes", Targets=targets)
    start_cold(monkeypatch, AWS_ENDPOINT_URL=moto)
    yield Mirror(dynamodb, client("dynamodbstreams"), sqs, url)
    stop()


def start_cold(monkeypatch, **more):
    environ = {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "EVENTS_TABLE": "events",
        "CHANGE_BUS_NAME": "changes",
        "POWERTOOLS_METRICS_NAMESPACE": "CalendarMirror",
        "METRICS": "all",
        # A logger keeps to the output that it first had: each test has one of its own.
        "POWERTOOLS_SERVICE_NAME": f"stack-{uuid4().hex}",
    }
    for name, value in (environ | more).items():
        monkeypatch.setenv(name, value)
    for cached in (app.configuration, app.bus, app.metrics, app.logger):
        cached.cache_clear()


def stop():
    app.bus().client.close()
    for cached in (app.configuration, app.bus, app.metrics, app.logger):
        cached.cache_clear()


def lines(capsys):
    """Return what the door printed: the text, the log lines and the metrics."""
    text = capsys.readouterr().out
    found = [json.loads(line) for line in text.splitlines()]
    (metrics,) = (each for each in found if "_aws" in each)
    return text, [each for each in found if "_aws" not in each], metrics


def test_what_is_written_is_told_once_in_order_and_nothing_else(mirror):
    mirror.write("evt_1", summary="a")
    mirror.write("evt_1", summary="b")
    mirror.delete("evt_1")
    mirror.write("evt_1", summary="b")
    mirror.write("evt_1", summary="b")
    mirror.erase("evt_1")

    answer = app.handler({"Records": mirror.records()}, CONTEXT)

    assert answer == {"batchItemFailures": []}
    heard = mirror.heard()
    assert [each["detail-type"].removeprefix("Calendar Event ") for each in heard] == [
        *("Created", "Updated", "Deleted", "Created"),
    ]
    assert [each["detail"]["event"].get("summary") for each in heard] == ["a", "b", None, "b"]
    assert len({each["detail"]["change_id"] for each in heard}) == 4
    numbers = [int(each["detail"]["sequence_number"]) for each in heard]
    assert numbers == sorted(numbers)


def test_what_is_handed_over_again_has_the_same_change_id(mirror):
    mirror.write("evt_1", summary="a")

    for _ in range(2):
        app.handler({"Records": mirror.records()}, CONTEXT)

    first, second = mirror.heard()
    assert first["detail"] == second["detail"]


def test_the_log_and_the_metrics_hold_numbers_and_no_content(mirror, capsys):
    mirror.write("evt_1", summary=PLANTED)
    mirror.write("evt_2", summary=PLANTED)

    app.handler({"Records": mirror.records()}, CONTEXT)

    text, (line,), metrics = lines(capsys)
    assert (line["message"], line["records"], line["entries"]) == ("published", 2, 2)
    assert (metrics["FeedEntries"], metrics["FeedFailures"]) == ([2.0], [0.0])
    assert 0 <= metrics["FeedLag"][0] < 60_000
    assert PLANTED not in text


def test_a_bus_that_is_away_makes_all_come_again_from_the_first_write_that_matters(
    mirror, monkeypatch, capsys
):
    mirror.delete("evt_0")
    mirror.write("evt_1", summary=PLANTED)
    mirror.write("evt_2", summary=PLANTED)
    found = mirror.records()
    start_cold(monkeypatch, AWS_ENDPOINT_URL="http://127.0.0.1:1")

    answer = app.handler({"Records": found}, CONTEXT)

    number = found[1]["dynamodb"]["SequenceNumber"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": number}]}
    text, (line,), metrics = lines(capsys)
    assert (line["message"], line["trouble"]) == ("again", "EndpointConnectionError")
    assert (metrics["FeedEntries"], metrics["FeedFailures"]) == ([0.0], [1.0])
    assert "FeedLag" not in metrics
    assert PLANTED not in text
