from datetime import UTC, datetime, timedelta

import pytest

from calendar_mirror import records
from calmirror import comparison
from calmirror.comparison import Difference

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def document(uid="evt_1", **fields):
    return {
        "calendar_id": "cal_1",
        "event_uid": uid,
        "summary": "Lunch",
        "start": "2026-02-01T12:00:00Z",
        "end": "2026-02-01T13:00:00Z",
        **fields,
    }


def record(uid="evt_1", **fields):
    return records.from_cronofy("acc_1", document(uid, **fields))


def row(uid="evt_1", **fields):
    return records.to_item(record(uid, **fields), synced_at=NOW)


def compare(found, rows):
    return comparison.compare(found, rows, now=NOW)


def kinds(found, rows):
    return [(each.difference, each.event_uid) for each in compare(found, rows)]


def test_equal_sides_have_no_difference():
    assert compare([record(), record("evt_2")], [row("evt_2"), row()]) == []


def test_nothing_equals_nothing():
    assert compare([], []) == []


def test_an_event_without_a_row_is_missing():
    assert kinds([record(), record("evt_2")], [row()]) == [(Difference.MISSING, "evt_2")]


def test_an_event_whose_row_is_a_tombstone_is_missing():
    assert kinds([record()], [row(deleted=True)]) == [(Difference.MISSING, "evt_1")]


def test_a_row_that_cronofy_no_longer_returns_is_surplus():
    assert kinds([], [row()]) == [(Difference.SURPLUS, "evt_1")]


def test_a_row_of_an_event_that_cronofy_calls_deleted_is_surplus():
    assert kinds([record(deleted=True)], [row()]) == [(Difference.SURPLUS, "evt_1")]


def test_a_deleted_event_needs_no_row_and_may_have_a_tombstone():
    assert compare([record(deleted=True)], []) == []
    assert compare([record(deleted=True)], [row(deleted=True)]) == []


def test_of_an_event_that_came_twice_the_later_counts():
    assert kinds([record(), record(deleted=True)], [row()]) == [(Difference.SURPLUS, "evt_1")]
    assert compare([record(deleted=True), record()], [row()]) == []


def test_events_of_one_uid_in_two_calendars_are_two_events():
    found = [record(), record(calendar_id="cal_2")]

    assert [each.calendar_id for each in compare(found, [row()])] == ["cal_2"]


def test_a_stale_row_names_the_fields_that_differ_new_and_lost_ones_too():
    (finding,) = compare([record(summary="Dinner", color="red")], [row(location=None)])

    assert finding.difference is Difference.STALE
    assert finding.fields == ("color", "location", "summary")
    assert finding.cronofy == {"color": "red", "summary": "Dinner"}
    assert finding.table == {"location": None, "summary": "Lunch"}


def test_findings_do_not_spell_out_content():
    (finding,) = compare([record(summary="Dinner")], [row()])

    assert "Dinner" not in repr(finding)
    assert "Lunch" not in repr(finding)


def test_findings_are_ordered_by_kind_calendar_and_event():
    found = [record("evt_9"), record("evt_3"), record("evt_2", summary="Dinner")]

    assert kinds(found, [row("evt_2"), row("evt_1")]) == [
        (Difference.MISSING, "evt_3"),
        (Difference.MISSING, "evt_9"),
        (Difference.STALE, "evt_2"),
        (Difference.SURPLUS, "evt_1"),
    ]


def at(start, end=None):
    start = NOW + timedelta(days=start)
    end = start + timedelta(hours=1) if end is None else NOW + timedelta(days=end)
    return {"start": start.isoformat(), "end": end.isoformat()}


@pytest.mark.parametrize(
    ("start", "end"), [(-40, None), (-400, -1), (-400, 400), (0, None), (199, None), (1, 400)]
)
def test_a_row_well_within_the_window_must_come_back(start, end):
    assert kinds([], [row(**at(start, end))]) == [(Difference.SURPLUS, "evt_1")]


@pytest.mark.parametrize("start", [-400, -43, -42, -41, 201, 202, 400])
def test_a_row_outside_the_window_or_at_its_very_edge_may_stay_away(start):
    assert compare([], [row(**at(start))]) == []


@pytest.mark.parametrize("start", [-400, -42, 0, 201, 400])
def test_an_event_that_does_come_back_is_compared_wherever_it_lies(start):
    times = at(start)

    assert compare([record(**times)], [row(**times)]) == []
    assert kinds([record(**times, summary="x")], [row(**times)]) == [(Difference.STALE, "evt_1")]


def test_a_row_without_a_start_may_stay_away():
    assert compare([], [row(start=None, end=None)]) == []


def test_an_all_day_row_must_come_back():
    assert kinds([], [row(start="2026-02-01", end="2026-02-02")]) == [(Difference.SURPLUS, "evt_1")]


def test_a_row_that_was_altered_behind_its_hash_is_stale():
    altered = row()
    altered["event"] = altered["event"] | {"summary": "Altered"}

    (finding,) = compare([record()], [altered])

    assert (finding.difference, finding.fields) == (Difference.STALE, ("summary",))


@pytest.mark.parametrize(
    ("name", "value"),
    [("start_at", "2030-01-01T00:00:00Z"), ("all_day", True), ("content_hash", "an older layout")],
)
def test_a_row_whose_attributes_do_not_fit_its_event_is_stale(name, value):
    (finding,) = compare([record()], [row() | {name: value}])

    assert (finding.difference, finding.fields) == (Difference.STALE, (name,))
    assert finding.table == {name: value}


def test_a_row_that_has_lost_its_start_is_stale():
    lacking = row()
    del lacking["start_at"]

    (finding,) = compare([record()], [lacking])

    assert finding.fields == ("start_at",)


def test_when_a_row_was_written_is_no_difference():
    assert compare([record()], [row() | {"synced_at": "2020-01-01T00:00:00Z"}]) == []
