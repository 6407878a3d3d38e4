"""Points in time: aware UTC ``datetime`` inside, ``2026-01-31T09:00:00Z`` outside."""

from __future__ import annotations

from datetime import UTC, datetime


def parse(text: str) -> datetime:
    """
    Read an ISO 8601 time with an offset.

    Raises:
        ValueError: not a time, a time without an offset, or one that ``datetime`` cannot hold
            (Cronofy sends audit times in the year 0).
    """
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("a time without an offset")
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a time outside the calendar") from error


def to_text(instant: datetime) -> str:
    """
    Write whole seconds, rounded down, in UTC: the only form Cronofy accepts.

    Source: https://docs.cronofy.com/developers/api/data-types/ (no non-zero milliseconds)
    """
    return instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def to_precise_text(instant: datetime) -> str:
    """Write microseconds, in UTC: for what we compare ourselves and nobody else reads."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
