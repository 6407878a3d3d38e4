from calendar_mirror import diffing, records
from calendar_mirror.diffing import Stored


def record(uid="a", **fields):
    return records.from_cronofy("acc_1", {"calendar_id": "cal_1", "event_uid": uid, **fields})


def stored(like, *, deleted=False):
    return {like.key: Stored(like.content_hash, deleted)}


def test_a_new_event_is_written():
    assert diffing.compare([record()], {}).writes == (record(),)


def test_an_equal_event_in_an_older_layout_is_written_and_counts_as_no_change():
    one, two = record("a"), record("b", summary="new")
    rows = {
        one.key: Stored(one.content_hash, False, layout=1),
        two.key: Stored("another", False, layout=1),
    }

    found = diffing.compare([one, two], rows)

    assert sorted(each.key.event_uid for each in found.writes) == ["a", "b"]
    assert (found.unchanged, found.renewed) == (0, 1)


def test_a_row_that_a_later_release_has_written_is_left_alone():
    one = record()
    row = Stored(one.content_hash, False, layout=records.LAYOUT + 1)

    assert diffing.compare([one], {one.key: row}).writes == ()


def test_a_tombstone_in_an_older_layout_is_left_to_expire():
    gone = record(deleted=True)

    assert not diffing.compare([gone], {gone.key: Stored("any", True, layout=1)}).writes


def test_an_equal_event_is_not_written():
    found = diffing.compare([record()], stored(record()))

    assert (found.writes, found.unchanged) == ((), 1)


def test_a_changed_event_is_written():
    assert diffing.compare([record(summary="new")], stored(record(summary="old"))).writes


def test_a_deletion_of_a_live_row_is_written():
    found = diffing.compare([record(deleted=True)], stored(record()))

    assert [each.deleted for each in found.writes] == [True]


def test_a_deletion_is_written_once():
    assert not diffing.compare(
        [record(deleted=True, summary="x")], stored(record(deleted=True), deleted=True)
    ).writes


def test_a_deletion_of_what_was_never_stored_is_not_written():
    assert not diffing.compare([record(deleted=True)], {}).writes


def test_an_event_that_comes_back_is_written():
    assert diffing.compare([record()], stored(record(), deleted=True)).writes


def test_the_last_of_several_records_of_one_event_counts():
    first, last, other = record(summary="1"), record(summary="2"), record("b")

    assert sorted(r.document.get("summary", "") for r in diffing.latest([first, other, last])) == [
        "",
        "2",
    ]
