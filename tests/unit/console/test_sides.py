from datetime import UTC, datetime

from calendar_mirror import records
from console import sides

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)


def record(uid, **fields):
    document = {"calendar_id": "cal_1", "event_uid": uid, "start": "2026-02-01T09:00:00Z", **fields}
    return records.from_cronofy("acc_1", document)


def item(uid, **fields):
    return records.to_item(record(uid, **fields), synced_at=NOW)


def paired(calendar, table):
    return sides.pairs({each.key.sort_key: each for each in calendar}, table)


def test_an_event_whose_row_has_the_same_content_is_equal():
    (pair,) = paired([record("a", summary="Lunch")], [item("a", summary="Lunch")])

    assert pair.equal
    assert pair.calendar == pair.table


def test_an_event_that_changed_since_it_was_written_differs():
    (pair,) = paired([record("a", summary="Dinner")], [item("a", summary="Lunch")])

    assert not pair.equal
    assert (pair.calendar.summary, pair.table.summary) == ("Dinner", "Lunch")


def test_an_event_without_a_row_and_a_row_without_an_event_both_differ():
    found = paired([record("a")], [item("b")])

    assert sides.differing(found) == 2
    assert {(pair.calendar is None, pair.table is None) for pair in found} == {
        (False, True),
        (True, False),
    }


def test_a_tombstone_agrees_with_a_calendar_that_lacks_the_event():
    (pair,) = paired([], [item("a", deleted=True)])

    assert pair.tombstone
    assert pair.equal


def test_a_tombstone_of_an_event_that_lives_differs():
    (pair,) = paired([record("a")], [item("a", deleted=True)])

    assert not pair.equal


def test_what_differs_is_shown_before_what_is_equal_when_there_is_no_room_for_all():
    many = [record(f"{number:03}") for number in range(sides.MOST + 10)]
    rows = [item(f"{number:03}") for number in range(sides.MOST + 9)]

    shown = sides.shown(paired(many, rows), now=NOW)

    assert len(shown) == sides.MOST
    assert [pair.key for pair in shown if not pair.equal] == [f"cal_1#{sides.MOST + 9:03}"]


def test_pairs_come_in_the_order_of_their_start():
    later = record("a", start="2026-02-03T09:00:00Z")

    assert [pair.key for pair in paired([later, record("b")], [])] == ["cal_1#b", "cal_1#a"]
