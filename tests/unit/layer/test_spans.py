"""Parts of the window: every event belongs to one, and is asked for with it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_mirror import spans
from calendar_mirror.spans import WHOLE, Span

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)

days = st.dates(date(2025, 1, 1), date(2027, 12, 31))
moments = st.datetimes(datetime(2025, 6, 1), datetime(2027, 6, 1)).map(  # noqa: DTZ001
    lambda at: at.replace(tzinfo=UTC)
)
#: How far Cronofy's clock may be from ours.
skews = st.timedeltas(-timedelta(hours=1), timedelta(hours=1))


def test_all_at_once_says_nothing_of_dates():
    assert spans.asked_for(WHOLE, NOON) == WHOLE


@given(st.integers(1, 40), st.integers(1, 9), moments, days)
def test_however_it_is_divided_a_day_belongs_to_one_part(count, again, now, day):
    divided = [
        part for span in spans.parts(WHOLE, count, now) for part in spans.parts(span, again, now)
    ]

    assert [part.holds(f"{day}T10:00:00Z") for part in divided].count(True) == 1
    assert [part.holds(None) for part in divided].count(True) == 1
    assert divided[0].start is divided[-1].end is None


def cronofys(asked, at):
    """The days that Cronofy returns, by its clock: each bound has a default of its own."""
    first, last = at.date() - timedelta(days=42), at.date() + timedelta(days=201)
    start, end = asked.start or first, asked.end or last
    assert first <= start < end <= last, "refused"
    return start, end


@given(st.integers(2, 300), moments, skews)
def test_each_day_of_cronofys_window_is_asked_for_by_the_part_that_holds_it(count, now, skew):
    """So are two days to either side, since an event's day begins elsewhere on the earth."""
    at = now + skew
    first, last = cronofys(WHOLE, at)
    for part in spans.parts(WHOLE, count, now):
        start, end = cronofys(spans.asked_for(part, now), at)

        assert start <= max(first, (part.start or first) - 2 * DAY)
        assert end >= min(last, (part.end or last) + 2 * DAY)


@given(st.integers(2, 300), moments)
def test_at_the_edges_nothing_is_said_of_dates(count, now):
    asked = [spans.asked_for(part, now) for part in spans.parts(WHOLE, count, now)]

    assert asked[0].start is asked[-1].end is None
    assert [each.end is None for each in asked[:-1]].count(True) <= 1


@pytest.mark.parametrize("count", [1, 0, -1])
def test_one_part_is_the_whole(count):
    assert spans.parts(WHOLE, count, NOON) == (WHOLE,)


def test_a_week_is_not_divided():
    week = Span(date(2026, 3, 1), date(2026, 3, 8))

    assert spans.parts(week, 8, NOON) == (week,)


@given(moments, st.integers(0, 300), skews)
def test_a_span_that_was_left_for_long_is_still_asked_for_within_the_window(now, later, skew):
    at = now + timedelta(hours=later)
    for part in spans.parts(WHOLE, 7, now):
        cronofys(spans.asked_for(part, at), at + skew)
