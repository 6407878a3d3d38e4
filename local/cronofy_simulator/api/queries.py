"""The query of a read, taken apart and checked. Source: reference 3.1 and 4."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from cronofy_simulator.instants import (
    day_begins,
    find_zone,
    midnight,
    parse_date,
    parse_time,
)
from cronofy_simulator.settings import Settings
from cronofy_simulator.state.windows import Window, widest_days
from cronofy_simulator.wire import Problems, Request

EVENT_FLAGS = (
    "include_deleted",
    "include_moved",
    "include_managed",
    "only_managed",
    "localized_times",
    "include_geo",
    "google_event_ids",
)
FREE_BUSY_FLAGS = (
    "include_deleted",
    "include_managed",
    "localized_times",
    "include_ids",
    "include_free",
)
NAMES = ("tzid", "from", "to", "calendar_ids[]", "last_modified")


@dataclass(frozen=True, slots=True)
class Query:
    """`calendar_ids` None: all. `is_default_window`: neither `from` nor `to` was given."""

    window: Window
    is_default_window: bool
    calendar_ids: frozenset[str] | None
    last_modified: datetime | None
    flags: frozenset[str]

    def asks(self, flag: str) -> bool:
        return flag in self.flags


@dataclass(slots=True)
class _Reader:
    """Collects what is wrong, field by field."""

    request: Request
    settings: Settings
    now: datetime
    problems: Problems

    def zone(self) -> ZoneInfo:
        tzid = self.request.parameter("tzid")
        if not tzid:
            self.problems["tzid"] = "required"
            return ZoneInfo("Etc/UTC")
        zone = find_zone(tzid)
        if zone is None:
            self.problems["tzid"] = "tzid_unrecognized"
        return zone or ZoneInfo("Etc/UTC")

    def edge(self, name: str, zone: ZoneInfo, default: date) -> tuple[datetime, date]:
        """As an instant and as a day; a Time counts as the instant that it is."""
        text = self.request.parameter(name)
        if text is None:
            return day_begins(default, zone), default
        day = parse_date(text)
        if day is not None:
            return day_begins(day, zone), day
        instant = parse_time(text)
        if instant is None:
            self.problems[name] = "invalid_date"
            return day_begins(default, zone), default
        return instant, instant.astimezone(zone).date()

    def window(self, zone: ZoneInfo) -> Window:
        earliest, latest = widest_days(self.now, zone, self.settings)
        begins, first = self.edge("from", zone, earliest)
        ends, end = self.edge("to", zone, latest)
        if first < earliest:
            self.problems["from"] = "too_far_in_the_past"
        if ends > day_begins(latest, zone):
            self.problems["to"] = "too_far_in_the_future"
        if ends <= begins:
            self.problems.setdefault("to", "invalid_time_pair")
        inclusive = self.settings.from_edge_inclusive
        return Window(begins, ends, midnight(first), midnight(end), inclusive)

    def last_modified(self) -> datetime | None:
        text = self.request.parameter("last_modified")
        if text is None:
            return None
        instant = parse_time(text)
        if instant is None:
            self.problems["last_modified"] = "invalid_time"
        return instant

    def calendar_ids(self, known: Any) -> frozenset[str] | None:
        if not any(key == "calendar_ids[]" for key, _ in self.request.query):
            return None
        given = self.request.parameters("calendar_ids[]")
        if not all(each in known for each in given):
            self.problems["calendar_ids"] = "invalid_calendar_ids"
        return frozenset(given)

    def flags(self, names: tuple[str, ...]) -> frozenset[str]:
        """Booleans in any case: the official Python client writes `True`."""
        values = {name: (self.request.parameter(name) or "false").lower() for name in names}
        for name, value in values.items():
            if value not in ("true", "false", "1", "0"):
                self.problems[name] = "must_be_boolean"
        return frozenset(name for name, value in values.items() if value in ("true", "1"))

    def refuse_unknown(self, names: tuple[str, ...]) -> None:
        if self.settings.unknown_parameters == "refused":
            unknown = (key for key, _ in self.request.query if key not in (*NAMES, *names))
            self.problems.update((key, "unknown_parameter") for key in unknown)


def parse(
    request: Request, flags: tuple[str, ...], known: Any, settings: Settings, now: datetime
) -> Query | Problems:
    """`known`: the account's calendar ids. What is wrong, if anything is."""
    reader = _Reader(request, settings, now, {})
    window = reader.window(reader.zone())
    query = Query(
        window=window,
        is_default_window=not {"from", "to"} & {key for key, _ in request.query},
        calendar_ids=reader.calendar_ids(known),
        last_modified=reader.last_modified(),
        flags=reader.flags(flags),
    )
    reader.refuse_unknown(flags)
    return reader.problems or query
