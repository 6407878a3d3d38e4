"""The reader and boto3's own table, at moto."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import boto3
import pytest

from calendar_mirror import records
from calendar_mirror.events_table import EventsTable
from calendar_mirror.reader import MirrorReader
from tests.integration.conftest import ACCESS

PAGE = Path(__file__).parents[3] / "docs" / "reading.md"
START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def record(uid, start, end, **fields):
    document = {"calendar_id": "cal_1", "event_uid": uid, "start": start, "end": end, **fields}
    return records.from_cronofy("acc_1", document)


@pytest.fixture
def rows(dynamodb):
    written = [
        record("sabbatical", "2025-03-02", "2026-05-01", price=Decimal("1.50")),
        record("over", "2025-03-02", "2026-02-01"),
        record("meeting", "2026-03-01T09:00:00Z", "2026-03-01T10:00:00Z", summary="Lunch"),
        record("to come", "2026-03-09", "2026-03-20"),
        record("gone", "2026-03-01", "2026-03-20", deleted=True),
        record("evt_1", "2026-03-01", "2026-03-02", summary="Birthday", transparency="transparent"),
    ]
    EventsTable(dynamodb, "events").write(written, synced_at=START)


@pytest.fixture
def table(moto, rows):
    resource = boto3.resource("dynamodb", endpoint_url=moto, **ACCESS)
    yield resource.Table("events")
    resource.meta.client.close()


def test_boto3s_table_answers_the_reader(table):
    mirror = MirrorReader(table)

    found = list(mirror.events_between("acc_1", START, START + DAY))
    (busy,) = mirror.busy_between("acc_1", START, START + DAY)

    assert [each.event_uid for each in found] == ["sabbatical", "evt_1", "meeting"]
    assert found[0].document["price"] == Decimal("1.50")
    assert (busy.start, busy.end) == (START, START + DAY)
    assert mirror.event("acc_1", "cal_1", "meeting").document["summary"] == "Lunch"
    assert mirror.event("acc_1", "cal_1", "gone") is None


def test_pages_of_a_megabyte_are_followed(dynamodb, table):
    many = [record(f"{n}", "2026-03-01", "2026-03-09", text="x" * 300_000) for n in range(5)]
    EventsTable(dynamodb, "events").write(many, synced_at=START)

    found = MirrorReader(table).events_between("acc_1", START + 5 * DAY, START + 6 * DAY)

    assert sum(each.event_uid.isdigit() for each in found) == 5


@pytest.mark.usefixtures("rows")
def test_the_samples_of_the_page_do_what_it_says(moto, monkeypatch, capsys):
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    monkeypatch.setenv("AWS_DEFAULT_REGION", ACCESS["region_name"])
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("EVENTS_TABLE", "events")
    samples = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names = {}

    for sample in samples:
        exec(compile(sample, PAGE.name, "exec"), names)  # noqa: S102
    names["mirror"].table.meta.client.close()

    assert capsys.readouterr().out.splitlines() == [
        "2026-03-01 00:00:00+00:00 Birthday",
        "2025-03-02 00:00:00+00:00 sabbatical",
        "2026-03-01 00:00:00+00:00 evt_1",
        "2026-03-01 09:00:00+00:00 meeting",
        "2026-03-01 00:00:00+00:00 2026-03-08 00:00:00+00:00",
    ]
