import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_mirror import messages
from calendar_mirror.errors import MalformedMessageError
from calendar_mirror.messages import Kind, Message
from calendar_mirror.notifications import Notification, Type

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
instants = st.timedeltas(timedelta(days=-2000), timedelta(days=5000)).map(NOON.__add__)


def message(**fields):
    given = {
        "account_id": "acc_1",
        "kind": Kind.DELTA,
        "changes_since": NOON,
        "received_at": NOON,
        "stands_until": NOON + SECOND,
        "cause": "change",
    }
    return Message(**given | fields)


def request(kind, at=NOON, merge=SECOND, since=NOON):
    return messages.request_for(Notification(kind, "acc_1", since), received_at=at, merge=merge)


@given(instants, instants, st.sampled_from(Kind), st.booleans())
def test_what_is_encoded_is_decoded(received_at, since, kind, known):
    written = message(
        kind=kind,
        received_at=received_at,
        stands_until=received_at + SECOND,
        changes_since=since.replace(microsecond=0) if known else None,
    )

    assert messages.decode(messages.encode(written)) == written


def test_a_change_asks_for_what_changed_and_a_first_sync_for_everything():
    assert request(Type.CHANGE).kind is Kind.DELTA
    full = request(Type.PROFILE_INITIAL_SYNC_COMPLETED)
    assert (full.kind, full.changes_since) == (Kind.FULL, None)


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        (Type.PROFILE_DISCONNECTED, Kind.PROFILES),
        (Type.CONFERENCING_PROFILE_DISCONNECTED, Kind.PROFILES),
        (Type.GDPR_REQUESTED, Kind.ERASE),
    ],
)
def test_each_type_asks_for_what_it_means(kind, asked):
    assert request(kind).kind is asked


def test_the_right_to_be_forgotten_reaches_cronofy_as_well():
    assert request(Type.GDPR_REQUESTED).pii_erasure is True
    assert messages.decode(messages.encode(request(Type.GDPR_REQUESTED))).pii_erasure is True


@pytest.mark.parametrize("kind", [None, Type.VERIFICATION])
def test_other_types_ask_for_nothing(kind):
    assert request(kind) is None


@given(instants, st.sampled_from([1, 2, 5, 10, 30]))
def test_a_bucket_ends_after_what_it_holds_and_no_later_than_its_length(at, seconds):
    end = messages.bucket_end(at, timedelta(seconds=seconds))

    assert at < end <= at + timedelta(seconds=seconds)
    assert messages.bucket_end(end - timedelta(microseconds=1), timedelta(seconds=seconds)) == end


def test_two_of_one_bucket_are_merged_by_the_queue():
    ids = {
        messages.deduplication_id(request(Type.CHANGE, at=NOON + offset), unique=str(offset))
        for offset in (timedelta(0), timedelta(seconds=0.999))
    }

    assert len(ids) == 1


@pytest.mark.parametrize(
    "other",
    [
        request(Type.CHANGE, at=NOON + SECOND),
        request(Type.CHANGE, since=NOON - SECOND),
        request(Type.CHANGE, since=None),
        request(Type.PROFILE_INITIAL_SYNC_COMPLETED),
        message(account_id="acc_2"),
    ],
)
def test_what_is_of_another_bucket_or_asks_for_something_else_is_not_merged(other):
    one = messages.deduplication_id(request(Type.CHANGE), unique="1")

    assert one != messages.deduplication_id(other, unique="1")


def test_without_merging_no_two_messages_are_merged():
    unmerged = request(Type.CHANGE, merge=timedelta(0))

    assert unmerged.stands_until == unmerged.received_at
    assert messages.deduplication_id(unmerged, unique="a") == "a"


def test_a_message_goes_to_its_accounts_group():
    sent = messages.to_send(message(), queue_url="https://queue", unique="1")

    assert (sent["QueueUrl"], sent["MessageGroupId"]) == ("https://queue", "acc_1")
    assert messages.decode(sent["MessageBody"]) == message()


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"kind": "other"},
        {"account_id": None},
        {"account_id": "a b"},
        {"received_at": "2026-01-31T09:00:00"},
        {"changes_since": 5},
    ],
)
def test_a_message_that_is_none_is_malformed(change):
    document = json.loads(messages.encode(message())) | change

    with pytest.raises(MalformedMessageError):
        messages.decode(json.dumps(document))


@pytest.mark.parametrize("body", ["", "[]", "{}", "null", "[" * 100_000])
def test_a_body_that_is_no_message_is_malformed(body):
    with pytest.raises(MalformedMessageError):
        messages.decode(body)


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="aware"):
        message(received_at=NOON.replace(tzinfo=None))
