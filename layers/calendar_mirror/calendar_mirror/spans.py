"""
Parts of the window that a full read goes through one by one, where it cannot be made in one go.

An event belongs to the span in which it starts; what is asked for reaches a little further on
either side, so that none is missed at a seam.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

# Source: https://docs.cronofy.com/developers/api/events/read-events/ (42 days back, 201 ahead)
PAST, FUTURE = timedelta(days=42), timedelta(days=201)
#: An event's day begins elsewhere on the earth up to a day earlier or later.
_SEAM = timedelta(days=2)
_DAY = timedelta(days=1)
_SHORTEST = 4


@dataclass(frozen=True, slots=True)
class Span:
    """
    The events that start on a day from *start* on and before *end*, in UTC; ``None``: without a
    bound on this side.
    """

    start: date | None = None
    end: date | None = None

    def holds(self, start_at: str | None) -> bool:
        """
        Tell whether a row belongs here. *start_at*: UTC text, as in the table; rows without one
        belong to the first span.
        """
        if start_at is None:
            return self.start is None
        day = start_at[:10]
        after = self.start is None or day >= self.start.isoformat()
        return after and (self.end is None or day < self.end.isoformat())


#: All at once: nothing is said of dates, so Cronofy's own window holds.
WHOLE = Span()


def asked_for(span: Span, now: datetime) -> Span:
    """
    Return from which day on, and before which day, to ask.

    At the window's edges nothing is said of dates: there Cronofy's own hold, by Cronofy's clock,
    and a date too far out would be refused.
    """
    first, last = _well_inside(now)
    start = span.start and span.start - _SEAM
    end = span.end and max(span.end + _SEAM, first + _DAY)
    return Span(
        start if start and start > first else None,
        end if end and end < last else None,
    )


def parts(span: Span, count: int, now: datetime) -> tuple[Span, ...]:
    """Divide *span* into *count* parts, or as many as make sense; perhaps it stays whole."""
    first, last = _well_inside(now)
    start, end = span.start or first, span.end or last
    days = max(1, (end - start).days)
    # Below that, what is asked for beyond the seams outweighs what is gained.
    count = max(1, min(count, days // _SHORTEST))
    seams = [start + timedelta(days=days * number // count) for number in range(1, count)]
    bounds: Sequence[date | None] = (span.start, *seams, span.end)
    return tuple(Span(*each) for each in pairwise(bounds))


def _well_inside(now: datetime) -> tuple[date, date]:
    """Return two days of the window that both are in it whether or not it is midnight already."""
    today = now.astimezone(UTC).date()
    return today - PAST + _DAY, today + FUTURE - _DAY
