"""What the page's buttons do: what people do to their calendars, and what goes wrong."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from calendar_mirror import instants
from calendar_mirror.records import Record
from console import looking
from demonstration import steps
from demonstration.sight import Sight

_SUMMARIES = ("Lunch", "Review", "Dentist", "Planning", "Call", "Workshop", "Interview", "Training")
_TROUBLE_S = 15


class NothingToChangeError(Exception):
    """The account has no event to do it to."""


@dataclass(frozen=True, slots=True)
class Change:
    """
    Something that can be done to one account.

    Attributes:
        title: for the page's log.
        make: does it; raises `NothingToChangeError`.
    """

    title: str
    make: Callable[[], object]


def change(
    name: str, account_id: str, sight: Sight, rng: random.Random, *, now: datetime
) -> Change | None:
    """Return what the button *name* does to an account; ``None``: there is no such button."""
    calendar = sight.calendar
    word = f"{rng.choice(_SUMMARIES)} {rng.randrange(100, 1000)}"

    def on_one(fields: Callable[[Record], dict[str, object]]) -> Callable[[], object]:
        def make() -> None:
            record = _any(sight, account_id, rng)
            calendar.change(account_id, record.key.event_uid, fields(record))

        return make

    def elsewhere(record: Record) -> dict[str, object]:
        ids = [each for each in _calendar_ids(sight, account_id) if each != record.key.calendar_id]
        if not ids:
            raise NothingToChangeError("the account has one calendar only")
        return {"calendar_id": rng.choice(ids)}

    def delete() -> None:
        calendar.delete(account_id, _any(sight, account_id, rng).key.event_uid)

    changes = {
        "create": Change(
            f"New event “{word}”", lambda: calendar.create(account_id, _event(word, rng, now=now))
        ),
        "rename": Change(f"Renamed to “{word}”", on_one(lambda _: {"summary": word})),
        "move": Change("Moved by two hours", on_one(lambda _: {"move_seconds": 7200})),
        "recalendar": Change("Moved to another calendar", on_one(elsewhere)),
        "delete": Change("Deleted", delete),
        "burst": Change(
            f"Burst: {steps.BURST} changes at once",
            lambda: calendar.change_many(account_id, steps.BURST, {"summary": word}),
        ),
    }
    return changes.get(name)


def trouble(name: str, sight: Sight) -> bool:
    """Make trouble for a while; tell whether there is trouble of that name."""
    lasting = {"lasts_seconds": _TROUBLE_S, "path": "/v1/*"}
    faults = {
        "outage": {"kind": "status", "status": 503, **lasting},
        "throttling": {"kind": "status", "status": 429, **lasting},
        "slow": {"kind": "slow", "seconds": 3, **lasting},
    }
    if name in faults:
        sight.calendar.call("POST", "faults", faults[name])
    return name in faults


def connect_account(sight: Sight, *, now: datetime) -> str:
    """Open a new account with a filled calendar, and put it in place; return its id."""
    account = sight.calendar.new_account(f"acc_console_{uuid4().hex[:8]}", ["Home", "Work"])
    steps.fill(sight.calendar, account, today=now.date())
    sight.put_in_place(account)
    return account.account_id


def _any(sight: Sight, account_id: str, rng: random.Random) -> Record:
    records = list(looking.records(sight, account_id).values())
    if not records:
        raise NothingToChangeError("the account has no event")
    return rng.choice(records)


def _calendar_ids(sight: Sight, account_id: str) -> list[str]:
    calendars = sight.calendar.call("GET", f"accounts/{account_id}")["calendars"]
    return [each["calendar_id"] for each in calendars if not each["calendar_deleted"]]


def _event(summary: str, rng: random.Random, *, now: datetime) -> dict[str, object]:
    """One hour of the next two days."""
    start = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=rng.randrange(1, 48))
    end = start + timedelta(hours=1)
    return {"summary": summary, "start": instants.to_text(start), "end": instants.to_text(end)}
