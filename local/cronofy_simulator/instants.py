"""Cronofy's Time and Date. An instant is an aware datetime in UTC."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_TIME = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|UTC|[+-]\d\d:?\d\d)", re.ASCII | re.IGNORECASE
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def parse_time(text: object) -> datetime | None:
    """None for what is not a Time, and for one with non-zero milliseconds.

    Source: docs.cronofy.com/developers/api/data-types, "values with non-zero milliseconds are not
    accepted".
    """
    matched = _TIME.fullmatch(text) if isinstance(text, str) else None
    if matched is None or (matched[2] or "").strip(".0"):
        return None
    zone = "+00:00" if matched[3].upper() in ("Z", "UTC") else matched[3]
    try:
        return datetime.fromisoformat(matched[1] + zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def parse_date(text: object) -> date | None:
    if not isinstance(text, str) or not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def format_time(instant: datetime) -> str:
    """Whole seconds, cut and not rounded: `2026-01-31T09:00:00Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def midnight(day: date) -> datetime:
    """The day's beginning in UTC: how all-day events are ordered among others."""
    return datetime.combine(day, time(), UTC)


def day_begins(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def find_zone(tzid: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(tzid)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)
