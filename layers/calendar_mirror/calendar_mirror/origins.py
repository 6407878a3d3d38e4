"""Why a row has its content: the read that wrote it, what asked for that read, and what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from calendar_mirror import instants
from calendar_mirror.documents import Json
from calendar_mirror.messages import Message

#: Beyond this, no more names are kept: they must not outweigh the event.
_MOST_NAMES, _LONGEST_NAME = 20, 100


@dataclass(frozen=True, slots=True)
class Origin:
    """
    Attributes:
        cause: what asked for the read, as in `Message`; where several messages did, the earliest.
        asked_at: when that message was received.
        started_at: when the read began, before its first page.
        last_modified: what it asked for, inclusive; ``None``: the whole window.
        changed: names of the top-level fields that the write changed, sorted; ``None``: there was
            no live row before.
    """

    cause: str
    asked_at: datetime
    started_at: datetime
    last_modified: datetime | None
    changed: tuple[str, ...] | None = None


def of_read(
    wanted: Sequence[Message], *, started_at: datetime, last_modified: datetime | None
) -> Origin:
    """Return the origin of what a read for *wanted*, which are not none, writes."""
    first = min(wanted, key=lambda message: message.received_at)
    return Origin(first.cause, first.received_at, started_at, last_modified)


def changed(
    before: Mapping[str, Json], after: Mapping[str, Json], *, truncated: Sequence[str] = ()
) -> tuple[str, ...]:
    """
    Name the fields in which two documents of one event differ, as far as there is room; where the
    row holds only parts of some, those may be it.
    """
    shared = before.keys() & after.keys()
    differing = (before.keys() ^ after.keys()) | {n for n in shared if before[n] != after[n]}
    names = sorted(differing or truncated)
    return tuple(name for name in names if len(name) <= _LONGEST_NAME)[:_MOST_NAMES]


def to_item(origin: Origin) -> dict[str, Json]:
    """Write the attribute ``written_by``."""
    since = origin.last_modified
    return {
        "cause": origin.cause,
        "asked_at": instants.to_text(origin.asked_at),
        "started_at": instants.to_text(origin.started_at),
        **({} if since is None else {"last_modified": instants.to_text(since)}),
        **({} if origin.changed is None else {"changed": list(origin.changed)}),
    }


def from_item(value: Mapping[str, object] | None) -> Origin | None:
    """Read it back; ``None``: the row was written before there was such an attribute."""
    if value is None:
        return None
    since, names = value.get("last_modified"), value.get("changed")
    return Origin(
        str(value["cause"]),
        instants.parse(str(value["asked_at"])),
        instants.parse(str(value["started_at"])),
        None if since is None else instants.parse(str(since)),
        tuple(map(str, names)) if isinstance(names, list) else None,
    )
