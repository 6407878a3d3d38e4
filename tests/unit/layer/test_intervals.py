from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_mirror import intervals
from calendar_mirror.intervals import Interval

NINE = datetime(2026, 2, 1, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")


def hours(start, end):
    return Interval(NINE + start * HOUR, NINE + end * HOUR)


@pytest.mark.parametrize(
    ("one", "does"),
    [
        (hours(-1, 0), False),
        (hours(-1, 0.5), True),
        (hours(-9, 9), True),
        (hours(0, 1), True),
        (hours(0.9, 2), True),
        (hours(1, 2), False),
        (hours(0, 0), True),
        (hours(0.5, 0.5), True),
        (hours(1, 1), False),
        (hours(-1, -1), False),
    ],
)
def test_an_overlap_is_a_moment_that_both_have(one, does):
    assert one.overlaps(hours(0, 1)) is does


def test_what_is_asked_about_is_understood_in_any_zone():
    found = intervals.asked(NINE.astimezone(BERLIN), NINE + HOUR)

    assert found == hours(0, 1)
    assert found.start.tzinfo is UTC


def test_all_there_ever_was_can_be_asked_about_in_any_zone():
    for zone in (UTC, BERLIN, ZoneInfo("America/New_York")):
        first, last = datetime.min.replace(tzinfo=zone), datetime.max.replace(tzinfo=zone)
        asked = intervals.asked(first, last)
        counted = intervals.as_counted(asked, zone)

        assert counted.start.year == asked.start.year == 1
        assert counted.end.year == asked.end.year == 9999
        assert intervals.earlier(counted.start, timedelta(days=2)).year == 1


@pytest.mark.parametrize(
    ("start", "end", "error", "said"),
    [
        (NINE.replace(tzinfo=None), NINE, ValueError, "start .* lacks its time zone"),
        (NINE, NINE.replace(tzinfo=None), ValueError, "end .* lacks its time zone"),
        (date(2026, 2, 1), NINE, TypeError, "start is a datetime"),
        (NINE, "2026-02-01T10:00:00Z", TypeError, "end is a datetime"),
        (NINE, NINE, ValueError, "is not before"),
        (NINE, NINE - HOUR, ValueError, "is not before"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_by_name(start, end, error, said):
    with pytest.raises(error, match=said):
        intervals.asked(start, end)


@pytest.mark.parametrize("tzid", ["Mars/Olympus", "", "../UTC", "a\0b"])
def test_a_zone_that_is_not_there_is_refused(tzid):
    with pytest.raises(ValueError, match="no time zone"):
        intervals.zone(tzid)


def test_a_zone_is_given_by_its_name():
    with pytest.raises(TypeError, match="name of a time zone"):
        intervals.zone(BERLIN)


def day(start, end, where=BERLIN):
    return intervals.of_event(
        f"{start}T00:00:00Z", end and f"{end}T00:00:00Z", all_day=True, where=where
    )


def test_an_all_day_event_lasts_from_midnight_to_midnight_where_its_owner_is():
    assert day("2026-02-01", "2026-02-02") == Interval(
        datetime(2026, 1, 31, 23, tzinfo=UTC), datetime(2026, 2, 1, 23, tzinfo=UTC)
    )


def test_a_day_on_which_clocks_change_has_as_many_hours_as_it_has():
    spring, autumn = day("2026-03-29", "2026-03-30"), day("2026-10-25", "2026-10-26")

    assert spring.end - spring.start == 23 * HOUR
    assert autumn.end - autumn.start == 25 * HOUR


@pytest.mark.parametrize("end", [None, "2026-02-01", "2026-01-20"])
def test_an_all_day_event_lasts_a_day_at_least(end):
    assert day("2026-02-01", end) == day("2026-02-01", "2026-02-02")


def test_the_last_day_of_all_can_be_mirrored():
    assert day("9999-12-31", None, ZoneInfo("America/New_York")).start.year == 9999


@pytest.mark.parametrize("end", [None, "2026-02-01T09:00:00Z", "2026-02-01T08:00:00Z"])
def test_an_event_without_an_end_or_with_an_impossible_one_has_no_length(end):
    found = intervals.of_event("2026-02-01T09:00:00Z", end, all_day=False, where=BERLIN)

    assert found == hours(0, 0)


MINUTES = st.integers(0, 60)


@given(
    st.lists(st.tuples(MINUTES, MINUTES).map(sorted), max_size=8),
    st.tuples(MINUTES, MINUTES).map(sorted).filter(lambda pair: pair[0] < pair[1]),
)
def test_what_several_cover_is_each_minute_that_one_of_them_covers(pairs, within):
    def at(minute):
        return NINE + timedelta(minutes=minute)

    asked = Interval(at(within[0]), at(within[1]))
    found = list(
        intervals.merged(
            [
                each
                for start, end in pairs
                if (each := Interval(at(start), at(end))).overlaps(asked)
            ],
            asked,
        )
    )

    covered = {minute for start, end in pairs for minute in range(start, end)} & {*range(*within)}
    assert covered == {
        minute for minute in range(60) if any(i.start <= at(minute) < i.end for i in found)
    }
    assert all(one.end < other.start for one, other in pairwise(found))
    assert all(each.start < each.end for each in found)
