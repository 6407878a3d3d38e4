"""
What questions cost, in read units, and that docs/reading.md says so.

The account: four meetings a day for 18 months, the last two months of them to come, and a week's
trip each month; some 1.5 KB an event.
"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from calendar_mirror import records
from calendar_mirror.reader import MirrorReader
from tests.models.metered_table import in_memory

PAGE = (Path(__file__).parents[3] / "docs" / "reading.md").read_text()
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FIRST = datetime(2024, 11, 1, tzinfo=UTC)
TODAY = FIRST + 490 * DAY
FIELDS = {
    "summary": "Weekly review of the plan",
    "description": "x" * 900,
    "status": "confirmed",
    "transparency": "opaque",
    "attendees": [
        {"email": f"guest{n}@example.com", "display_name": "A guest", "status": "accepted"}
        for n in range(4)
    ],
}


def times():
    for day in range(550):
        for hour in (8, 10, 13, 15):
            yield FIRST + day * DAY + hour * HOUR, FIRST + day * DAY + (hour + 1) * HOUR
        if day % 30 == 0:
            yield FIRST + day * DAY, FIRST + (day + 7) * DAY


def item(number, start, end):
    document = {"calendar_id": "cal_1", "event_uid": f"evt_external_{number:024}", **FIELDS}
    document |= {"start": start.isoformat(), "end": end.isoformat()}
    return records.to_item(records.from_cronofy("acc_1", document), synced_at=TODAY)


@pytest.fixture(scope="module")
def table():
    table = in_memory()
    table.put(*(item(number, *pair) for number, pair in enumerate(times())))
    return table


def events(start, length):
    return lambda mirror: len(list(mirror.events_between("acc_1", start, start + length)))


def event(mirror):
    return int(mirror.event("acc_1", "cal_1", f"evt_external_{1:024}") is not None)


def busy(mirror):
    return len(mirror.busy_between("acc_1", TODAY, TODAY + 7 * DAY))


#: The first cell of its line in the page; what is asked; and whether there may be older rows.
QUESTIONS = {
    "One event, by its ids": (event, False),
    "The events of today": (events(TODAY, DAY), False),
    "The events of a week": (events(TODAY, 7 * DAY), False),
    "When is somebody busy this week?": (busy, False),
    "The events of a day a year ago": (events(TODAY - 365 * DAY, DAY), False),
    "The events of today, with `older_rows=True`": (events(TODAY, DAY), True),
}


def told(question):
    """Return the cells of the question's line, but the first."""
    (line,) = re.findall(rf"^\| {re.escape(question)} \|(.*)\|$", PAGE, re.MULTILINE)
    return [cell.strip() for cell in line.split("|")]


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_costs_what_the_page_says(table, question):
    ask, older_rows = QUESTIONS[question]
    before = table.units

    found = ask(MirrorReader(table, older_rows))

    assert told(question)[1:] == [f"{found}", f"{table.units - before:g}"]
