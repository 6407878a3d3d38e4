"""What a full read did not return: which rows are about something that is gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from calendar_mirror import instants
from calendar_mirror.diffing import Stored
from calendar_mirror.records import Key
from calendar_mirror.scopes import Coverage
from calendar_mirror.spans import FUTURE, PAST, Span

#: At the edges we cannot tell whether Cronofy still returns an event: its day begins elsewhere.
_MARGIN = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Window:
    """What lies wholly inside was read for certain. UTC text, as in the table; end exclusive."""

    start: str
    end: str


def window(started_at: datetime) -> Window:
    """Return what a full read that began at *started_at* has seen for certain."""
    today = datetime.combine(started_at.astimezone(UTC).date(), time(), UTC)
    return Window(
        instants.to_text(today - PAST + _MARGIN), instants.to_text(today + FUTURE - _MARGIN)
    )


def gone(
    unseen: Mapping[Key, Stored],
    *,
    coverage: Coverage,
    covered: Coverage | None,
    span: Span,
    within: Window,
    is_complete: bool,
) -> Iterable[Key]:
    """
    Yield the keys of those rows that a full read of *coverage*, in *span*, proves wrong.

    Rows of calendars that are not to be mirrored any more; all, tombstones too, where their details
    are not to be kept any more; and what would have been returned if it still existed, where the
    read *is_complete*: Cronofy can reach all of the account's calendars.

    Args:
        unseen: the rows that were there before, without what the read returned, and tombstones.
        covered: what the rows were about before; ``None``: there was no full read yet.
    """
    mode_changed = covered is not None and covered.mode is not coverage.mode
    for key, row in unseen.items():
        if (row.deleted and not mode_changed) or not span.holds(row.start_at):
            continue
        is_wanted = not coverage.calendars or key.calendar_id in coverage.calendars
        if mode_changed or not is_wanted or (is_complete and _is_inside(row, within)):
            yield key


def _is_inside(row: Stored, within: Window) -> bool:
    if row.start_at is None:
        return False
    end_at = row.end_at or row.start_at
    return within.start < end_at and row.start_at < within.end
