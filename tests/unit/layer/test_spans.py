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


def test_all_at_once_says_nothing_of_dates():
    assert spans.asked_for(WHOLE, NOON) is None


@given(st.integers(1, 40), st.integers(1, 9), moments, days)
def test_however_it_is_divided_a_day_belongs_to_one_part(count, again, now, day):
    divided = [
        part for span in spans.parts(WHOLE, count, now) for part in spans.parts(span, again, now)
    ]

    assert [part.holds(f"{day}T10:00:00Z") for part in divided].count(True) == 1
    assert [part.holds(None) for part in divided].count(True) == 1
    assert divided[0].start is divided[-1].end is None


@given(st.integers(2, 300), moments)
def test_what_is_asked_for_reaches_over_the_seams_and_not_out_of_the_window(count, now):
    first, last = (now + timedelta(hours=1)).date(), (now - timedelta(hours=1)).date()
    for part in spans.parts(WHOLE, count, now):
        start, end = spans.asked_for(part, now)

        assert first - timedelta(days=42) <= start < end <= last + timedelta(days=201)
        if part.start and part.start - 2 * DAY >= first - timedelta(days=42):
            assert start <= part.start - 2 * DAY
        if part.end and part.end + 2 * DAY <= last + timedelta(days=201):
            assert end >= part.end + 2 * DAY


@pytest.mark.parametrize("count", [1, 0, -1])
def test_one_part_is_the_whole(count):
    assert spans.parts(WHOLE, count, NOON) == (WHOLE,)


def test_a_week_is_not_divided():
    week = Span(date(2026, 3, 1), date(2026, 3, 8))

    assert spans.parts(week, 8, NOON) == (week,)


@given(moments, st.integers(0, 300))
def test_a_span_that_was_left_for_long_is_still_asked_for_within_the_window(now, later):
    for part in spans.parts(WHOLE, 7, now):
        at = now + timedelta(hours=later)
        start, end = spans.asked_for(part, at)

        assert (at + timedelta(hours=1)).date() - timedelta(days=42) <= start < end
