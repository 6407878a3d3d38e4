"""Compare what Cronofy says with what is stored: only what differs is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from calendar_mirror.records import LAYOUT, Key, Record


@dataclass(frozen=True, slots=True)
class Stored:
    """
    What we look at of a stored row before deciding.

    Attributes:
        start_at, end_at: UTC text, as in the table; ``None``: not known, or a tombstone.
        layout: version of the row's layout; rows of the first one do not say it.
    """

    content_hash: str
    deleted: bool
    start_at: str | None = None
    end_at: str | None = None
    layout: int = LAYOUT


@dataclass(frozen=True, slots=True)
class Difference:
    """
    What one page changes.

    Attributes:
        writes: live records that are new or differ, or whose row is of an older layout, and
            tombstones for rows that were live.
        unchanged: how many records need no write.
        renewed: how many of the writes change nothing but the row's layout.
    """

    writes: tuple[Record, ...]
    unchanged: int
    renewed: int = 0


def latest(records: Iterable[Record]) -> tuple[Record, ...]:
    """
    Keep the last record of each key: pages are no snapshot, and what came later was read later.
    """
    return tuple({record.key: record for record in records}.values())


def compare(records: Iterable[Record], stored: Mapping[Key, Stored]) -> Difference:
    """
    Decide which of *records* have to be written, one record for each key.

    A deletion of something that is not stored, or is a tombstone already, needs no write: nobody
        saw it.
    """
    records = tuple(records)
    changed, renewed = [], []
    for record in records:
        row = stored.get(record.key)
        if _differs(record, row):
            changed.append(record)
        elif row is not None and not record.deleted and row.layout < LAYOUT:
            renewed.append(record)
    writes = (*changed, *renewed)
    return Difference(writes, len(records) - len(writes), len(renewed))


def _differs(record: Record, stored: Stored | None) -> bool:
    if record.deleted:
        return stored is not None and not stored.deleted
    return stored is None or stored.deleted or stored.content_hash != record.content_hash
