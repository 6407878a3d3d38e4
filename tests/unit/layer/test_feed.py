"""From a write in the events table to what the change feed is told of it."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calendar_mirror import documents, feed, records
from calendar_mirror.feed import MAX_ENTRY_BYTES
from calendar_mirror.records import Key
from tests.models import feed_contract
from tests.models.stream import Stream

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)
IDS = {"calendar_id": "cal_1", "event_uid": "evt_1"}


def row(at=NOW, *, event_uid="evt_1", **fields):
    document = {**IDS, "event_uid": event_uid, **fields}
    return records.to_item(records.from_cronofy("acc_1", document), synced_at=at)


def tombstone(at=NOW):
    return records.to_item(records.tombstone(Key("acc_1", "cal_1", "evt_1")), synced_at=at)


def written(*items):
    """Return the entries about rows that were written one after the other; None: removed."""
    stream = Stream()
    for item in items:
        if item is None:
            stream.remove(("acc_1", "cal_1#evt_1"))
        else:
            stream.put(item)
    return entries(stream.records)


def entries(stream_records):
    writes = feed.from_stream(stream_records)
    told = [entry for write in writes if (entry := feed.entry(write, table="events"))]
    for entry in told:
        feed_contract.hold(entry.detail_type, entry.detail)
    return told


def detail(entry):
    return documents.parse(entry.detail.encode())


LATER = NOW + timedelta(minutes=1)
CREATED, UPDATED, DELETED = (f"Calendar Event {word}" for word in ("Created", "Updated", "Deleted"))


@pytest.mark.parametrize(
    ("items", "told"),
    [
        ([row(summary="a")], [CREATED]),
        ([row(summary="a"), row(LATER, summary="b")], [CREATED, UPDATED]),
        ([row(summary="a"), row(summary="a"), row(LATER, summary="a")], [CREATED]),
        ([row(summary="a"), row(LATER, summary="a") | {"content_hash": "of 2"}], [CREATED]),
        ([row(summary="a"), row(summary="a") | {"written_by": {"cause": "operator"}}], [CREATED]),
        ([row(summary="a"), tombstone()], [CREATED, DELETED]),
        ([row(summary="a"), row(LATER, summary="a", deleted=True)], [CREATED, DELETED]),
        ([row(summary="a"), tombstone(), tombstone(LATER)], [CREATED, DELETED]),
        ([row(summary="a"), tombstone(), None], [CREATED, DELETED]),
        ([row(summary="a"), None], [CREATED]),
        ([row(summary="a"), tombstone(), row(summary="a")], [CREATED, DELETED, CREATED]),
        ([row(summary="a"), None, row(summary="a")], [CREATED, CREATED]),
        ([tombstone()], []),
        ([tombstone(), row(deleted=True, summary="a")], []),
        ([tombstone(), None], []),
        ([{"pk": "acc_1", "sk": "cal_1#evt_1"}, None], []),
        ([{"pk": "acc_1", "sk": "cal_1#evt_1", "event": "of somebody else's"}], []),
    ],
)
def test_each_real_change_is_told_and_nothing_else(items, told):
    assert [entry.detail_type for entry in written(*items)] == told


def test_an_entry_names_the_event_and_says_what_it_was_and_is_and_what_differs():
    before, after = row(summary="a", location=None), row(LATER, summary="b", start="2026-02-01")

    created, updated, deleted = written(before, after, tombstone(LATER))

    about = {"account_id": "acc_1", **IDS}
    assert detail(created) == {
        **about,
        "event": before["event"],
        "synced_at": "2026-01-31T09:00:00Z",
        "change_id": "record-1",
        "sequence_number": f"{1:021}",
    }
    assert detail(updated) == {
        **about,
        "event": after["event"],
        "previous": before["event"],
        "changed": ["location", "start", "summary"],
        "synced_at": "2026-01-31T09:01:00Z",
        "change_id": "record-2",
        "sequence_number": f"{2:021}",
    }
    assert detail(deleted) == {
        **about,
        "event": {**IDS, "deleted": True},
        "previous": after["event"],
        "synced_at": "2026-01-31T09:01:00Z",
        "change_id": "record-3",
        "sequence_number": f"{3:021}",
    }


def test_the_examples_of_the_contract_have_the_fields_that_entries_have():
    page = (Path(__file__).parents[3] / "docs" / "change-feed.md").read_text()
    examples = [json.loads(block.partition("```")[0]) for block in page.split("```json\n")[1:]]
    whole = written(row(summary="a"), row(LATER, summary="b"), tombstone(LATER))
    (cut,) = written(row(text=WHOLE))

    told = [detail(entry).keys() for entry in (*whole, cut)]
    assert [example.keys() for example in examples if "event_uid" in example] == told
    kinds = (CREATED, UPDATED, DELETED, CREATED, "Account Connected", "Account Disconnected")
    for kind, example in zip(kinds, examples, strict=True):
        feed_contract.hold(kind, json.dumps(example))
    assert all(kind in page for kind in (CREATED, UPDATED, DELETED))


def test_a_busy_period_is_told_as_an_event_is():
    busy = {"free_busy_status": "busy", "start": "2026-02-01T09:00:00Z"}

    (created, updated) = written(row(**busy), row(**busy | {"free_busy_status": "tentative"}))

    assert detail(created)["event"] == {**IDS, **busy}
    assert detail(updated)["changed"] == ["free_busy_status"]


@pytest.mark.parametrize(
    ("digits", "told"),
    [
        ("1.50", "1.50"),
        ("0.1000000000000000055511151231257827021", "0.1000000000000000055511151231257827021"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("9223372036854775807", "9223372036854775807"),
        ("9223372036854775808", '"9223372036854775808"'),
        ("-9223372036854775809", '"-9223372036854775809"'),
        ("1E+100", '"1E+100"'),
        ("1E-100", "1E-100"),
    ],
)
def test_numbers_stay_exact_and_those_that_eventbridge_refuses_are_text(digits, told):
    (entry,) = written(row(number=Decimal(digits)))

    assert f'"number": {told}}}' in entry.detail


def test_a_change_in_what_the_row_could_not_hold_is_told():
    long = "x" * documents.MAX_BYTES

    _, updated = written(row(description=long + "a"), row(LATER, description=long + "b"))

    assert detail(updated)["changed"] == ["description"]


def of_size(size, **fields):
    """Return a row whose `Calendar Event Created` has this size, in letters of two bytes."""
    (empty,) = written(row(description="", **fields))
    missing = size - empty.size
    return row(description="é" * (missing // 2) + "x" * (missing % 2), **fields)


def test_an_entry_as_large_as_eventbridge_takes_is_whole():
    (entry,) = written(of_size(MAX_ENTRY_BYTES))

    assert entry.size == MAX_ENTRY_BYTES
    assert "truncated" not in detail(entry)
    assert len(detail(entry)["event"]["description"]) > MAX_ENTRY_BYTES // 2 - 1000


def test_one_byte_more_and_the_event_is_cut_and_the_entry_says_where_it_is():
    (entry,) = written(of_size(MAX_ENTRY_BYTES + 1))

    assert entry.size < 1000
    assert "event" not in detail(entry)
    assert detail(entry)["truncated"] == ["event"]
    assert detail(entry)["table"] == {"name": "events", "pk": "acc_1", "sk": "cal_1#evt_1"}


HALF, WHOLE = "x" * (MAX_ENTRY_BYTES // 2), "x" * MAX_ENTRY_BYTES


@pytest.mark.parametrize(
    ("before", "after", "cut"),
    [
        (row(text=HALF), row(text=HALF + "y"), ["previous"]),
        (row(text="x"), row(text=WHOLE), ["event"]),
        (row(text=WHOLE), row(text="x"), ["previous"]),
        (row(text=WHOLE), row(text=WHOLE + "y"), ["event", "previous"]),
        (row(text=WHOLE), tombstone(), ["previous"]),
        (
            row(),
            row(**{f"{'n' * 60}{number}": None for number in range(5000)}),
            ["changed", "event", "previous"],
        ),
    ],
)
def test_of_an_update_as_much_is_told_as_fits_and_what_can_be_read_nowhere_else_first(
    before, after, cut
):
    _, entry = written(before, after)

    assert detail(entry)["truncated"] == cut
    assert not {*cut} & {*detail(entry)}
    assert {"event", "previous"} - {*cut} <= {*detail(entry)}
    assert entry.size <= MAX_ENTRY_BYTES


def test_an_entry_that_comes_again_is_the_same():
    stream = Stream()
    for item in (row(summary="a"), row(summary="b"), tombstone()):
        stream.put(item)

    assert entries(stream.records) == entries(json.loads(json.dumps(stream.records)))


NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.decimals(-100, 100, places=3)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1), inner, max_size=3)
    ),
    max_leaves=4,
)
UIDS = st.sampled_from(["evt_1", "evt_2"])
ROWS = st.builds(
    lambda uid, summary, value, deleted, minutes: row(
        NOW + timedelta(minutes=minutes),
        event_uid=uid,
        summary=summary,
        value=value,
        deleted=deleted,
    ),
    UIDS,
    st.sampled_from(["a", "b"]),
    VALUES,
    st.booleans(),
    st.integers(0, 1),
)


@st.composite
def histories(draw):
    """A stream of writes; tombstones are removed at times, as when they expire."""
    stream = Stream()
    for item in draw(st.lists(ROWS, max_size=12)):
        stream.put(item)
        gone = [key for key, each in stream.rows.items() if each["deleted"]]
        if gone and draw(st.booleans()):
            stream.remove(draw(st.sampled_from(gone)))
    return stream


class Copy:
    """What a consumer keeps, who drops what it has seen."""

    def __init__(self):
        self.rows, self.seen = {}, set()

    def apply(self, told):
        for entry in told:
            known = detail(entry)
            if known["change_id"] in self.seen:
                continue
            self.seen.add(known["change_id"])
            key = (known["account_id"], f"{known['calendar_id']}#{known['event_uid']}")
            assert self.rows.pop(key, None) == known.get("previous")
            if entry.detail_type != DELETED:
                self.rows[key] = known["event"]
        return self.rows


@settings(deadline=None)
@given(histories(), st.data())
def test_whoever_applies_the_entries_in_order_has_the_live_rows_also_if_some_come_again(
    stream, data
):
    told = entries(stream.records)
    assert Copy().apply(told) == stream.live()

    end = data.draw(st.integers(0, len(told)))
    start = data.draw(st.integers(0, end))
    assert Copy().apply([*told[:end], *told[start:]]) == stream.live()
