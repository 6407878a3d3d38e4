"""What becomes of rows that an older release has written."""

from datetime import timedelta

import pytest
from boto3.dynamodb.types import TypeSerializer

from calendar_mirror import feed, records
from calendar_mirror.feed import Write
from calendar_mirror.messages import Kind
from calendar_mirror.reader import MirrorReader
from tests.models.metered_table import in_memory
from tests.models.mirror import Mirror


@pytest.fixture
def mirror():
    """An account with a long event, and rows as the first layout had them."""
    mirror = Mirror()
    mirror.connect(events=3)
    mirror.provider.control(
        "POST", "accounts/acc_1/events", summary="Leave", start="2026-02-20", end="2026-04-01"
    )
    mirror.ask(kind=Kind.FULL)
    mirror.settle()
    for item in mirror.events.items.values():
        item.pop("long_until", None)
        del item["layout"]
    mirror.forget()
    mirror.clock.turn(600)
    return mirror


def on_leave(mirror, *, older_rows):
    table, now = in_memory(), mirror.clock()
    table.put(*mirror.events.items.values())
    found = MirrorReader(table, older_rows).events_between("acc_1", now, now + timedelta(hours=1))
    return [each.document["summary"] for each in found]


def test_an_older_row_is_read_until_a_full_read_has_written_it_anew(mirror):
    before = {key: dict(item) for key, item in mirror.events.items.items()}
    assert on_leave(mirror, older_rows=True) == ["Leave"]
    assert on_leave(mirror, older_rows=False) == []

    mirror.ask(kind=Kind.FULL)
    mirror.settle()

    rows = mirror.events.items
    assert on_leave(mirror, older_rows=False) == ["Leave"]
    assert {item["layout"] for item in rows.values()} == {records.LAYOUT}
    assert all(rows[key]["event"] == item["event"] for key, item in before.items())


def test_writing_rows_anew_is_no_drift_and_happens_once(mirror):
    for written in (4, 0):
        mirror.ask(kind=Kind.FULL)
        mirror.settle()
        mirror.clock.turn(600)

        counts = mirror.reports[-1].counts
        assert (counts.get("written", 0), counts.get("renewed", 0)) == (written, written)
        assert counts["drift"] == 0
        assert mirror.accounts.drift["acc_1"] == 0


def test_what_is_wrong_as_well_is_drift(mirror):
    row = next(iter(mirror.events.items.values()))
    row["content_hash"] = "damaged"

    mirror.ask(kind=Kind.FULL)
    mirror.settle()

    counts = mirror.reports[-1].counts
    assert (counts["written"], counts["renewed"], counts["drift"]) == (4, 3, 1)


def test_nobody_is_told_of_rows_that_are_written_anew(mirror):
    before = {key: dict(item) for key, item in mirror.events.items.items()}

    mirror.ask(kind=Kind.FULL)
    mirror.settle()

    images = [(image(before[key]), image(item)) for key, item in mirror.events.items.items()]
    assert all(one != other for one, other in images)
    assert [feed.entry(Write("id", "1", 0.0, *pair), table="events") for pair in images] == [
        None
    ] * 4


def image(item):
    return {name: TypeSerializer().serialize(value) for name, value in item.items()}
