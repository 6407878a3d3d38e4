"""What the demonstration does to the calendar, one change of each kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from demonstration.calendar import Account, Calendar

#: How many events the burst changes, each with a notification of its own.
BURST = 50


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the demonstration: what happens, and the change that makes it happen."""

    title: str
    make: Callable[[], object]


def changes(calendar: Calendar, account: Account) -> list[Step]:
    """Return the changes to make, in order. All act on one event but the last."""
    home, work = account.calendar_ids
    event = {"calendar_id": home, "event_uid": "evt_external_demo", "summary": "Lunch with Ada"}

    def change(**fields: object) -> Callable[[], object]:
        return lambda: calendar.change(account.account_id, "evt_external_demo", fields)

    return [
        Step("event created", lambda: calendar.create(account.account_id, event)),
        Step("moved by an hour", change(move_seconds=3600)),
        Step("renamed", change(summary="Lunch with Grace")),
        Step("moved to another calendar", change(calendar_id=work)),
        Step("deleted", lambda: calendar.delete(account.account_id, "evt_external_demo")),
        Step(
            f"burst of {BURST} changes",
            lambda: calendar.change_many(account.account_id, BURST, {"summary": "Rescheduled"}),
        ),
    ]


def fill(calendar: Calendar, account: Account, *, today: date) -> None:
    """Put events into the calendars before the account is connected, repeated ones and others."""
    home, work = account.calendar_ids
    weekly = {"calendar_id": work, "summary": "Stand-up", "series": True, "count": 30}
    single = {"calendar_id": home, "summary": "Appointment", "count": 40, "every_seconds": 20_000}
    all_day = {
        "calendar_id": home,
        "summary": "Holiday",
        "start": (today + timedelta(days=7)).isoformat(),
        "end": (today + timedelta(days=10)).isoformat(),
    }
    for events in (weekly, single, all_day):
        calendar.create(account.account_id, events)
