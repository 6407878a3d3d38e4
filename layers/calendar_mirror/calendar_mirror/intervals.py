"""Stretches of time, half-open: where an event lies, and what several cover together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from calendar_mirror import instants

_DAY = timedelta(days=1)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """
    Attributes:
        start, end: aware, UTC; *end* is not within.
    """

    start: datetime
    end: datetime

    def overlaps(self, other: Interval) -> bool:
        """Tell whether they share a moment. Without length, this one is the moment *start*."""
        return self.start < other.end and (self.end > other.start or self.start >= other.start)


def asked(start: object, end: object) -> Interval:
    """
    Check the interval that somebody asks about.

    Raises:
        TypeError: one of the two is no ``datetime``; a date alone does not say where its day is.
        ValueError: one of the two lacks its time zone, or *start* is not before *end*.
    """
    interval = Interval(_instant("start", start), _instant("end", end))
    if interval.start >= interval.end:
        raise ValueError(f"start ({start}) is not before end ({end})")
    return interval


def zone(tzid: object) -> tzinfo:
    """
    Find a time zone of the IANA database, ``Europe/Berlin``.

    Raises:
        TypeError: *tzid* is no text.
        ValueError: there is no such zone.
    """
    if not isinstance(tzid, str):
        raise TypeError(f"tzid is the name of a time zone, not {tzid!r}")
    try:
        return ZoneInfo(tzid)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone {tzid!r}") from None


def of_event(start_at: str, end_at: str | None, *, all_day: bool, where: tzinfo) -> Interval:
    """
    Tell when an event takes place, given its times as the table holds them.

    An all-day event lasts from midnight to midnight *where* its owner is, a day at least. One that
    has no end, or ends before it starts, has no length.
    """
    if not all_day:
        start = instants.parse(start_at)
        return Interval(start, max(start, instants.parse(end_at)) if end_at else start)
    first = date.fromisoformat(start_at[:10])
    last = date.fromisoformat(end_at[:10]) if end_at else first
    return Interval(_midnight(first, where), _midnight(max(last, _shifted(first, _DAY)), where))


def as_counted(interval: Interval, where: tzinfo) -> Interval:
    """
    Return what of the table's ``start_at`` and ``end_at`` lies within *interval*: since a date
    counts as midnight UTC there, it reaches to what the clocks *where* say, if that is further.
    """
    starts, ends = (_on_the_wall(each, where) for each in (interval.start, interval.end))
    return Interval(min(interval.start, starts), max(interval.end, ends))


def earlier(instant: datetime, by: timedelta) -> datetime:
    """Go back, not beyond the first moment that there is."""
    return instant - by if instant - _FIRST >= by else _FIRST


def merged(intervals: Iterable[Interval], within: Interval) -> Iterator[Interval]:
    """Yield what *intervals* cover of *within*, in order; those that touch are one."""
    start = end = within.start
    for each in sorted(intervals):
        if each.start > end:
            if start < end:
                yield Interval(start, end)
            start = end = each.start
        end = max(end, min(each.end, within.end))
    if start < end:
        yield Interval(start, end)


def _instant(name: str, value: object) -> datetime:
    if not isinstance(value, datetime):
        raise TypeError(f"{name} is a datetime with its time zone, not {value!r}")
    if value.utcoffset() is None:
        raise ValueError(f"{name} ({value}) lacks its time zone")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return _FIRST if value.year == 1 else _LAST


def _midnight(day: date, where: tzinfo) -> datetime:
    return _instant("midnight", datetime.combine(day, time(), where))


def _on_the_wall(instant: datetime, where: tzinfo) -> datetime:
    """Return what the clocks *where* say, as if it were UTC."""
    try:
        return instant.astimezone(where).replace(tzinfo=UTC)
    except OverflowError:
        return instant


def _shifted(day: date, by: timedelta) -> date:
    return day + by if date.max - day >= by else date.max
