"""Each row tells which read wrote it, what asked for that read, and what changed."""

from datetime import timedelta

import pytest

from calendar_mirror import instants, origins
from calendar_mirror.messages import Kind
from tests.models.mirror import Mirror


@pytest.fixture
def mirror():
    mirror = Mirror()
    mirror.connect(events=3)
    return mirror


def rows(mirror):
    return {row["event_uid"]: row for row in mirror.events.items.values()}


def uids(mirror):
    return [event["event_uid"] for event in mirror.truth().values()]


def test_a_row_of_a_full_read_names_what_asked_for_it_and_no_change():
    mirror = Mirror()
    mirror.connect(events=1, read=False)
    asked_at = mirror.clock()
    mirror.ask(kind=Kind.FULL)
    mirror.clock.turn(5)

    mirror.settle()

    (row,) = rows(mirror).values()
    assert row["written_by"] == {
        "cause": "change",
        "asked_at": instants.to_text(asked_at),
        "started_at": instants.to_text(asked_at + timedelta(seconds=5)),
    }


def test_a_changed_row_names_the_fields_and_from_when_on_the_read_asked(mirror):
    uid, *others = uids(mirror)
    before = rows(mirror)
    mirror.change(uid, summary="Another name", description="Another text")
    mirror.ask()

    mirror.settle()

    told = origins.from_item(rows(mirror)[uid]["written_by"])
    assert {"summary", "description"} <= set(told.changed)
    assert "start" not in told.changed
    assert told.last_modified == mirror.accounts.get("acc_1").last_read.last_modified
    assert {other: rows(mirror)[other] for other in others} == {o: before[o] for o in others}


def test_no_name_of_a_field_tells_what_it_holds(mirror):
    uid = uids(mirror)[0]
    mirror.change(uid, summary="SECRET MEETING")
    mirror.ask()

    mirror.settle()

    assert "SECRET" not in str(rows(mirror)[uid]["written_by"])


def test_a_tombstone_says_which_read_left_it(mirror):
    deleted, vanished = uids(mirror)[:2]
    mirror.provider.control("DELETE", f"accounts/acc_1/events/{deleted}")
    mirror.ask()
    mirror.settle()
    mirror.clock.turn(600)
    mirror.provider.control("DELETE", f"accounts/acc_1/events/{vanished}")
    mirror.ask(kind=Kind.FULL)

    mirror.settle()

    by_delta, by_full = (rows(mirror)[uid]["written_by"] for uid in (deleted, vanished))
    assert "last_modified" in by_delta
    assert "last_modified" not in by_full
    assert "changed" not in by_delta


def test_of_several_messages_the_earliest_is_what_asked(mirror):
    uid = uids(mirror)[0]
    mirror.change(uid, summary="Another name")
    first = mirror.clock()
    mirror.ask()
    mirror.clock.turn(7)
    mirror.ask()

    mirror.settle()

    assert rows(mirror)[uid]["written_by"]["asked_at"] == instants.to_text(first)


def test_a_read_that_changes_nothing_leaves_every_row_as_it_was(mirror):
    before = dict(rows(mirror))
    mirror.ask(kind=Kind.FULL)

    mirror.settle()

    assert mirror.events.writes == 0
    assert rows(mirror) == before


def test_what_a_row_held_is_looked_up_only_where_it_is_replaced(mirror):
    looked_up = []
    documents = mirror.events.documents
    mirror.events.documents = lambda keys: looked_up.append(keys) or documents(keys)
    uid, gone = uids(mirror)[:2]
    mirror.change(uid, summary="Another name")
    mirror.provider.control("POST", "accounts/acc_1/events", count=1, summary="New")
    mirror.provider.control("DELETE", f"accounts/acc_1/events/{gone}")
    mirror.ask()

    mirror.settle()

    assert [[key.event_uid for key in keys] for keys in looked_up] == [[uid]]


def test_fields_that_came_went_or_changed_are_named_and_equal_ones_are_not():
    before = {"a": 1, "b": None, "c": {"d": [1, 2]}, "e": "x"}
    after = {"a": 1, "c": {"d": [1, 3]}, "e": "x", "f": None}

    assert origins.changed(before, after) == ("b", "c", "f")


def test_where_only_parts_are_kept_a_cut_field_may_be_what_changed():
    assert origins.changed({"a": 1}, {"a": 1}, truncated=("description",)) == ("description",)
    assert origins.changed({"a": 1}, {"a": 2}, truncated=("description",)) == ("a",)


def test_names_of_fields_never_outweigh_the_event():
    many = {f"field_{number:03}": 1 for number in range(100)} | {"x" * 5000: 1}

    names = origins.changed({}, many)

    assert len(names) == 20
    assert max(map(len, names)) < 100


def test_an_origin_is_read_back_as_it_was_written(mirror):
    row = next(iter(rows(mirror).values()))

    told = origins.from_item(row["written_by"])

    assert origins.to_item(told) == row["written_by"]
    assert origins.from_item(None) is None
