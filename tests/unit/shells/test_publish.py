"""The shell of `publish` and the bus' edge, with an EventBridge that fails where it hurts."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from calendar_mirror import change_bus, documents, feed, publish, records
from calendar_mirror.change_bus import ChangeBus, Sent
from calendar_mirror.feed import MAX_ENTRY_BYTES, Entry
from tests.models import feed_contract
from tests.models.stream import Stream, hand_over

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)


@dataclass
class EventBridge:
    """
    Takes every entry but some, and those too when they come again.

    Attributes:
        refuses: which entries are refused once, counted from the first that was ever put.
        raises: errors to raise, one for each of the next calls.
    """

    refuses: set = field(default_factory=set)
    raises: list = field(default_factory=list)
    calls: list = field(default_factory=list)
    taken: list = field(default_factory=list)
    count: int = 0

    def put_events(self, *, Entries):  # noqa: N803
        self.calls.append(Entries)
        if self.raises and (error := self.raises.pop(0)):
            raise error
        return {
            "FailedEntryCount": len(self.refuses),
            "Entries": [self._put(each) for each in Entries],
        }

    def _put(self, entry):
        self.count += 1
        if self.count - 1 in self.refuses:
            return {"ErrorCode": "ThrottlingException", "ErrorMessage": entry["Detail"]}
        if entry["DetailType"].startswith("Calendar Event"):
            feed_contract.hold(entry["DetailType"], entry["Detail"])
        self.taken.append(entry)
        return {"EventId": "1"}


def entry(subject, size=100):
    overhead = Entry("type", "", subject).size
    return Entry("type", "x" * (size - overhead), subject)


def written(*summaries):
    """Write events named by letters, each time with another summary."""
    stream = Stream()
    for number, uid in enumerate(summaries):
        document = {"calendar_id": "cal_1", "event_uid": uid, "summary": f"summary {number}"}
        stream.put(records.to_item(records.from_cronofy("acc_1", document), synced_at=NOW))
    return stream


def publishing(client, *, now=lambda: NOW):
    """Return what the door does, without Lambda."""
    bus = ChangeBus(client, "changes")

    def handler(batch):
        writes = feed.from_stream(batch)
        done = publish.publish(writes, bus.publish_all, table="events", now=now)
        return {"batchItemFailures": [{"itemIdentifier": each} for each in done.again]}

    return handler


def copied(client):
    """Return the rows of a consumer that drops what it has seen."""
    rows, seen = {}, set()
    for each in client.taken:
        detail = documents.parse(each["Detail"].encode())
        if detail["change_id"] not in seen:
            assert rows.get(detail["event_uid"]) == detail.get("previous")
            rows[detail["event_uid"]] = detail["event"]
            seen.add(detail["change_id"])
    return rows


HISTORY = "abcabadefghijklmaanopaqaarb"


@pytest.mark.parametrize("first", range(len(HISTORY)))
@pytest.mark.parametrize("more", [(), (1, 2), (5, 9)])
def test_whichever_entry_fails_nothing_is_lost_and_each_event_stays_in_order(first, more):
    stream = written(*HISTORY)
    client = EventBridge(refuses={first, *(first + each for each in more)})

    hand_over(stream.records, publishing(client), batch_size=20)

    assert client.count > len(HISTORY)
    assert copied(client) == {key[1][6:]: event for key, event in stream.live().items()}


@pytest.mark.parametrize("call", range(6))
@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "ThrottlingException"}}, "PutEvents"),
        EndpointConnectionError(endpoint_url="https://events"),
    ],
)
def test_whichever_call_fails_what_was_told_before_it_is_not_told_again(call, error):
    stream = written(*HISTORY)
    client = EventBridge(raises=[*[None] * call, error])

    hand_over(stream.records, publishing(client), batch_size=100)

    assert len(client.taken) == len(HISTORY)
    assert copied(client) == {key[1][6:]: event for key, event in stream.live().items()}


def test_the_answer_names_the_first_write_that_was_not_told():
    stream = written(*"abcdefghijklmno")
    client = EventBridge(refuses={12})

    answer = publishing(client)(stream.records)

    number = stream.records[12]["dynamodb"]["SequenceNumber"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": number}]}


def test_what_is_not_told_is_never_named():
    stream = written("a")
    quiet = [stream.rows["acc_1", "cal_1#a"] | {"synced_at": f"{number}"} for number in range(3)]
    for item in quiet:
        stream.put(item)
    client = EventBridge(refuses={0})
    handler = publishing(client)

    assert handler(stream.records[1:]) == {"batchItemFailures": []}
    assert client.calls == []
    assert len(handler(stream.records)["batchItemFailures"]) == 1


def test_a_publication_tells_how_many_and_how_long_it_took_at_most():
    stream = written(*"abc")
    writes = feed.from_stream(stream.records)
    after = datetime.fromtimestamp(writes[0].written_at, UTC) + timedelta(seconds=2)
    bus = ChangeBus(EventBridge(refuses={2}), "changes")

    done = publish.publish(writes, bus.publish_all, table="events", now=lambda: after)

    assert (done.entries, done.lag_ms, done.trouble) == (2, 2000, "ThrottlingException")
    assert done.again == (writes[2].sequence_number,)
    nothing = publish.publish([], bus.publish_all, table="events", now=lambda: after)
    assert nothing == publish.Publication(0, None, (), None)


def test_a_call_holds_ten_entries_and_no_two_about_one_event():
    calls = list(change_bus.calls([entry(each) for each in "abcdefghijklmnabc"]))

    assert ["".join(each.subject for each in call) for call in calls] == ["abcdefghij", "klmnabc"]
    assert [len(call) for call in change_bus.calls([entry("a")] * 3)] == [1, 1, 1]
    assert list(change_bus.calls([])) == []


def test_a_call_holds_no_more_bytes_than_eventbridge_takes():
    half = MAX_ENTRY_BYTES // 2
    exact = [entry("a", half), entry("b", half), entry("c")]
    over = [entry("a", half), entry("b", half + 1), entry("c", MAX_ENTRY_BYTES)]

    assert [len(call) for call in change_bus.calls(exact)] == [2, 1]
    assert [len(call) for call in change_bus.calls(over)] == [1, 1, 1]


def test_nothing_of_an_entry_is_in_what_is_said_about_its_refusal():
    client = EventBridge(refuses={0})

    sent = ChangeBus(client, "changes").publish_all([entry("planted")])

    assert sent == Sent(0, "ThrottlingException")
