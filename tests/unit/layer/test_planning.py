from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from calendar_mirror import planning
from calendar_mirror.messages import Kind, Message
from calendar_mirror.planning import CLOCK_SKEW, CompletedRead, ReadPlan

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
OVERLAP = timedelta(seconds=120)


def s(seconds):
    return timedelta(seconds=seconds)


LATER = NOON + s(10)


def message(*, since=NOON, until=NOON, kind=Kind.DELTA):
    return Message("acc_1", kind, since, until, until, "change")


def plan(*wanted, last_read, now=LATER):
    return planning.plan(wanted, last_read, now=now, overlap=OVERLAP)


def test_the_first_read_is_of_the_whole_window():
    assert plan(message(), last_read=None) == ReadPlan(None)


def test_a_read_reaches_back_to_the_earliest_change_and_the_overlap():
    last = CompletedRead(NOON + s(60), NOON)

    found = plan(message(since=NOON + s(5)), message(since=NOON), last_read=last)

    assert found.last_modified == NOON - OVERLAP


def test_a_read_reaches_back_to_the_last_read_even_if_the_change_is_later():
    last = CompletedRead(NOON - s(60), NOON - s(200))

    assert plan(message(), last_read=last).last_modified == NOON - s(60) - OVERLAP


def test_a_change_of_unknown_time_is_read_for_from_the_last_read():
    last = CompletedRead(NOON, NOON)

    assert plan(message(since=None), last_read=last).last_modified == NOON - OVERLAP


def test_last_modified_is_in_whole_seconds_rounded_down():
    last = CompletedRead(NOON + timedelta(microseconds=999_999), NOON)

    assert plan(message(since=NOON + s(9)), last_read=last).last_modified == NOON - OVERLAP


@pytest.mark.parametrize("wanted", [message(kind=Kind.FULL, since=None)])
def test_a_request_for_everything_reads_everything(wanted):
    assert plan(message(), wanted, last_read=CompletedRead(NOON, NOON)) == ReadPlan(None)


def test_a_cursor_older_than_the_window_means_everything():
    last = CompletedRead(NOON - timedelta(days=42), None)

    assert plan(message(), last_read=last) == ReadPlan(None)
    assert plan(message(), last_read=last, now=NOON - timedelta(days=1)) != ReadPlan(None)


@pytest.mark.parametrize(("left", "everything"), [(s(1), False), (s(0), True), (-s(1), True)])
def test_a_read_that_its_overlap_takes_out_of_the_window_reads_everything(left, everything):
    last = CompletedRead(NOON, None)
    now = NOON + timedelta(days=42) - OVERLAP - left

    found = plan(message(since=None), last_read=last, now=now)

    assert found == ReadPlan(None if everything else NOON - OVERLAP)


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
@example(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
def test_a_time_at_either_end_of_the_calendar_stops_nobody(since, until):
    wanted, last = message(since=since, until=until), CompletedRead(NOON, NOON)

    planning.unsettled([wanted], last)
    found = plan(wanted, last_read=last).last_modified

    assert found is None or found <= since


def settled(wanted, last_read):
    return planning.unsettled([wanted], last_read) == ()


def test_a_read_that_began_after_the_bucket_settles_its_messages():
    assert settled(message(until=NOON), CompletedRead(NOON + CLOCK_SKEW, NOON))


def test_a_read_that_began_before_the_bucket_ended_does_not_settle():
    began = NOON + CLOCK_SKEW - timedelta(microseconds=1)

    assert not settled(message(until=NOON), CompletedRead(began, NOON))


def test_a_read_that_began_between_the_receipt_and_the_end_of_the_bucket_does_not_settle():
    bucket = Message("acc_1", Kind.DELTA, NOON, NOON, NOON + s(10), "change")

    assert not settled(bucket, CompletedRead(NOON + s(10), NOON))
    assert settled(bucket, CompletedRead(NOON + s(10) + CLOCK_SKEW, NOON))


def test_a_read_from_after_the_change_does_not_settle():
    assert not settled(message(since=NOON), CompletedRead(NOON + s(60), NOON + s(1)))


def test_only_a_read_of_everything_settles_what_asks_for_everything_or_for_an_unknown_time():
    full, unknown = message(kind=Kind.FULL, since=None), message(since=None)

    for wanted in (full, unknown):
        assert not settled(wanted, CompletedRead(NOON + s(60), NOON - s(60)))
        assert settled(wanted, CompletedRead(NOON + s(60), None))


def test_without_a_read_nothing_is_settled():
    assert not settled(message(), None)


@st.composite
def histories(draw):
    """
    A last read, and messages. Each message stands for notifications received up to the end of its
    bucket, of changes that became visible before that, dated at or after what the message says.
    """
    seconds = st.integers(0, 300)
    read = CompletedRead(NOON + s(draw(seconds)), NOON + s(draw(seconds) - 200))
    wanted = []
    for _ in range(draw(st.integers(1, 6))):
        dated = draw(seconds)
        wanted.append(
            message(since=NOON + s(dated), until=NOON + s(dated + draw(st.integers(0, 60))))
        )
    return read, wanted


@given(histories(), st.integers(0, 59))
def test_no_change_that_a_message_may_stand_for_escapes_both_the_last_read_and_the_next(case, lag):
    read, wanted = case
    now = NOON + s(400)
    left = planning.unsettled(wanted, read)
    following = planning.plan(left, read, now=now, overlap=OVERLAP) if left else None
    for each in wanted:
        # The change may have become visible as late as the bucket's end.
        seen_by_last = (
            read.started_at >= each.stands_until and read.last_modified <= each.changes_since
        )
        seen_by_next = following is not None and (
            following.last_modified is None
            or following.last_modified <= each.changes_since - s(lag)
        )
        assert seen_by_last or seen_by_next
