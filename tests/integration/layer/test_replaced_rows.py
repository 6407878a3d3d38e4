"""What is looked up of rows that are about to be replaced: by the model and by the real table."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from calendar_mirror import origins, records
from calendar_mirror.events_table import EventsTable
from calendar_mirror.origins import Origin
from tests.models import tables

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)


@pytest.fixture(params=["model", "dynamodb"])
def events(request):
    if request.param == "model":
        return tables.Events()
    return EventsTable(request.getfixturevalue("dynamodb"), "events")


def record(uid, **fields):
    return records.from_cronofy("acc_1", {"calendar_id": "cal_1", "event_uid": uid, **fields})


def test_what_is_kept_of_an_event_is_found_without_why_it_was_written(events):
    origin = Origin("change", NOW, NOW, None, ("summary",))
    written = replace(record("a", price=Decimal("1.5"), tags=["x"]), origin=origin)

    events.write([written, record("b")], synced_at=NOW)

    found = events.documents([written.key, record("none").key])
    assert found == {written.key: written.document}
    assert origins.changed(found[written.key], written.document) == ()


def test_as_many_as_a_page_holds_are_found(events):
    many = [record(f"{number}") for number in range(130)]
    events.write(many, synced_at=NOW)

    assert len(events.documents([each.key for each in many])) == 130
