from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_mirror import records
from calendar_mirror.reader import MirrorReader
from tests.models.metered_table import in_memory

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def item(uid, start, end=None, **fields):
    document = {"calendar_id": "cal_1", "event_uid": uid, "start": start, **fields}
    if end is not None:
        document["end"] = end
    return records.to_item(records.from_cronofy("acc_1", document), synced_at=NOW)


def older(row):
    """A row as the first layout had it."""
    return {name: value for name, value in row.items() if name not in ("layout", "long_until")}


def between(table, start, end, *, older_rows=False, **more):
    reader = MirrorReader(table, older_rows)
    found = reader.events_between(
        "acc_1", datetime.fromisoformat(start), datetime.fromisoformat(end), **more
    )
    return [each.event_uid for each in found]


def test_what_began_long_ago_and_is_not_over_is_found_first():
    table = in_memory()
    table.put(
        item("sabbatical", "2025-03-02", "2026-05-01"),
        item("trip", "2026-02-25T09:00:00Z", "2026-03-05T09:00:00Z"),
        item("over", "2025-03-02", "2026-03-01"),
        item("at noon", "2026-03-01T12:00:00Z", "2026-03-01T13:00:00Z"),
        item("retreat", "2026-03-01T13:00:00Z", "2026-03-04T13:00:00Z"),
        item("to come", "2026-03-02T12:00:00Z", "2026-03-09T13:00:00Z"),
    )

    found = between(table, "2026-03-01T12:00:00Z", "2026-03-02T12:00:00Z")

    assert found == ["sabbatical", "trip", "at noon", "retreat"]


def test_an_event_of_just_a_day_is_found_until_its_last_second():
    table = in_memory()
    table.put(item("day", "2026-03-01T12:00:00Z", "2026-03-02T12:00:00Z"))

    assert between(table, "2026-03-02T11:59:59Z", "2026-03-03T00:00:00Z") == ["day"]
    assert between(table, "2026-03-02T12:00:00Z", "2026-03-03T00:00:00Z") == []


def test_an_all_day_event_is_found_when_it_is_that_day_where_its_owner_is():
    table = in_memory()
    table.put(item("birthday", "2026-03-02", "2026-03-03"))

    def asked(tzid, start, end):
        return between(table, start, end, tzid=tzid)

    # 2 March begins at ten on the day before in Kiritimati (UTC+14), at eleven in Pago Pago.
    assert asked("Pacific/Kiritimati", "2026-03-01T09:00:00Z", "2026-03-01T10:00:01Z")
    assert not asked("Pacific/Kiritimati", "2026-03-01T09:00:00Z", "2026-03-01T10:00:00Z")
    assert not asked("Pacific/Kiritimati", "2026-03-02T10:00:00Z", "2026-03-02T23:00:00Z")
    assert asked("Pacific/Pago_Pago", "2026-03-03T10:59:59Z", "2026-03-03T12:00:00Z")
    assert not asked("Pacific/Pago_Pago", "2026-03-03T11:00:00Z", "2026-03-03T12:00:00Z")
    assert not asked("Pacific/Pago_Pago", "2026-03-02T00:00:00Z", "2026-03-02T11:00:00Z")


def test_a_moment_is_found_where_it_begins_what_is_asked_for_and_not_where_it_ends_it():
    table = in_memory()
    table.put(item("reminder", "2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z"))
    table.put(item("endless", "2026-03-01T12:00:00Z"))

    assert between(table, "2026-03-01T12:00:00Z", "2026-03-01T13:00:00Z") == ["endless", "reminder"]
    assert between(table, "2026-03-01T11:00:00Z", "2026-03-01T12:00:00Z") == []


def test_what_is_asked_for_may_begin_within_a_second():
    table = in_memory()
    table.put(item("a", "2026-03-01T12:00:00Z", "2026-03-01T12:00:01Z"))

    assert between(table, "2026-03-01T12:00:00.5Z", "2026-03-01T12:00:00.6Z") == ["a"]


def test_deleted_events_and_those_without_a_start_are_in_no_time():
    table = in_memory()
    table.put(item("gone", "2026-03-01", "2026-03-05", deleted=True), item("when", None))

    assert between(table, "0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z") == []


def test_one_account_does_not_see_another():
    table = in_memory()
    table.put(item("a", "2026-03-01T12:00:00Z", "2026-03-09T12:00:00Z") | {"pk": "acc_2"})

    assert between(table, "2026-03-05T12:00:00Z", "2026-03-06T12:00:00Z") == []


def test_calendars_can_be_chosen():
    table = in_memory()
    table.put(item("a", "2026-03-01"), item("b", "2026-03-01", calendar_id="cal_2"))
    asked = "2026-03-01T12:00:00Z", "2026-03-02T12:00:00Z"

    assert between(table, *asked) == ["a", "b"]
    assert between(table, *asked, calendar_ids=["cal_2", "cal_3"]) == ["b"]
    assert between(table, *asked, calendar_ids=[]) == []


def test_pages_are_read_as_far_as_somebody_goes():
    table = in_memory(page=2)
    table.put(*(item(f"{n}", f"2026-03-01T12:0{n}:00Z") for n in range(9)))
    found = MirrorReader(table).events_between("acc_1", NOW, NOW + DAY)

    assert table.pages == 0
    assert [next(found).event_uid for _ in range(3)] == ["0", "1", "2"]
    assert table.pages == 1 + 2
    assert len(list(found)) == 6
    assert table.pages == 1 + 5


def test_an_event_comes_with_the_document_as_it_was_sent():
    table = in_memory()
    row = item("a", "2026-03-01", "2026-03-03", color={"id": 7}, odd=[None])
    table.put(row, item("bare", None), item("gone", "2026-03-01", deleted=True))
    reader = MirrorReader(table)

    found = reader.event("acc_1", "cal_1", "a")

    assert found.document == row["event"]
    assert (found.start_at, found.end_at) == (
        datetime(2026, 3, 1, tzinfo=UTC),
        datetime(2026, 3, 3, tzinfo=UTC),
    )
    assert (found.all_day, found.truncated, found.synced_at) == (True, (), NOW)
    assert (found.account_id, found.calendar_id, found.event_uid) == ("acc_1", "cal_1", "a")
    assert reader.event("acc_1", "cal_1", "bare").start_at is None
    assert reader.event("acc_1", "cal_1", "gone") is None
    assert reader.event("acc_1", "cal_1", "other") is None


def test_what_the_table_could_not_hold_is_named():
    table = in_memory()
    table.put(item("a", "2026-03-01", description="x" * 400_000))

    assert MirrorReader(table).event("acc_1", "cal_1", "a").truncated == ("description",)


def test_what_makes_no_sense_is_refused_before_anything_is_read():
    table = in_memory()
    reader = MirrorReader(table)
    for ask in (reader.events_between, reader.busy_between):
        with pytest.raises(ValueError, match="lacks its time zone"):
            ask("acc_1", NOW.replace(tzinfo=None), NOW)
        with pytest.raises(ValueError, match="no time zone"):
            ask("acc_1", NOW, NOW + DAY, tzid="Berlin")
        with pytest.raises(TypeError, match="several"):
            ask("acc_1", NOW, NOW + DAY, calendar_ids="cal_1")
    with pytest.raises(TypeError, match="Table"):
        MirrorReader("events")

    assert table.units == 0


@pytest.mark.parametrize(
    ("fields", "is_busy"),
    [
        ({}, True),
        ({"transparency": "opaque", "participation_status": "declined"}, True),
        ({"transparency": "unknown"}, True),
        ({"status": "tentative"}, True),
        ({"transparency": "transparent"}, False),
        ({"status": "tentative", "transparency": "transparent"}, False),
        ({"status": "cancelled"}, False),
        ({"free_busy_status": "unknown"}, True),
        ({"free_busy_status": "free"}, False),
    ],
)
def test_who_is_not_free_is_busy(fields, is_busy):
    table = in_memory()
    table.put(item("a", "2026-03-01T12:00:00Z", "2026-03-01T13:00:00Z", **fields))

    found = MirrorReader(table).busy_between("acc_1", NOW, NOW + DAY)

    assert [(each.start, each.end) for each in found] == [(NOW, NOW + 60 * MINUTE)] * is_busy


def test_rows_of_the_first_layout_are_found_by_who_says_that_there_are_some():
    table = in_memory()
    table.put(
        older(item("long", "2025-03-02", "2026-05-01")),
        older(item("short", "2026-03-01T09:00:00Z", "2026-03-01T13:00:00Z")),
        item("new", "2025-03-03", "2026-05-01"),
    )
    asked = "2026-03-01T12:00:00Z", "2026-03-02T12:00:00Z"

    assert between(table, *asked) == ["new", "short"]
    assert between(table, *asked, older_rows=True) == ["long", "new", "short"]


ZONES = ("Etc/UTC", "Europe/Berlin", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kolkata")


def timed(draw_start, length):
    start = NOW + draw_start * MINUTE
    return start.isoformat(), (start + length * MINUTE).isoformat()


def all_day(first, length):
    start = date(2026, 3, 1) + first * DAY
    return start.isoformat(), (start + length * DAY).isoformat()


TIMES = st.one_of(
    st.builds(timed, st.integers(-20_000, 6_000), st.sampled_from([0, 1, 60, 1439, 1440, 1441])),
    st.builds(timed, st.integers(-20_000, 6_000), st.integers(1, 20_000)),
    st.builds(all_day, st.integers(-14, 5), st.integers(1, 12)),
)


def truly(times, where):
    """When it takes place, worked out from what Cronofy sends."""
    found = []
    for text in times:
        if len(text) == len("2026-03-01"):
            found.append(datetime.combine(date.fromisoformat(text), time(), where))
        else:
            found.append(datetime.fromisoformat(text))
    return found


@given(
    st.lists(TIMES, max_size=12),
    st.integers(-6_000, 6_000),
    st.integers(1, 6_000),
    st.sampled_from(ZONES),
    st.booleans(),
)
def test_what_is_found_is_what_overlaps_and_nothing_else(times, start, length, tzid, older_rows):
    table, where = in_memory(page=3), ZoneInfo(tzid)
    begins = NOW + start * MINUTE
    ends = begins + length * MINUTE
    for number, pair in enumerate(times):
        row = item(f"{number:02}", *pair)
        table.put(older(row) if older_rows and number % 2 else row)

    reader = MirrorReader(table, older_rows)
    found = list(reader.events_between("acc_1", begins, ends, tzid=tzid))

    expected = set()
    for number, pair in enumerate(times):
        first, last = truly(pair, where)
        if first < ends and (last > begins or first == last >= begins):
            expected.add(f"{number:02}")
    assert sorted(each.event_uid for each in found) == sorted(expected)
    assert [each.start_at for each in found] == sorted(each.start_at for each in found)
