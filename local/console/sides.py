"""Hold the calendar against the table, event by event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from calendar_mirror import instants
from calendar_mirror.records import Record

#: As many pairs go to the page: those that differ, tombstones, and the next events.
MOST = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """How one side shows an event. *start_at*: UTC text, or ``None``."""

    summary: str
    calendar_id: str
    start_at: str | None
    all_day: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """
    One event on both sides.

    Attributes:
        calendar: ``None``: the calendar does not have it (any more).
        table: ``None``: the table has no row of it.
        tombstone: the row says that it was deleted.
    """

    key: str
    calendar: Entry | None
    table: Entry | None
    tombstone: bool
    equal: bool


def pairs(records: Mapping[str, Record], items: Iterable[Mapping[str, Any]]) -> list[Pair]:
    """
    Pair live *records* of the calendar with *items* of the table, both by sort key; ordered by
    start.
    """
    rows = {item["sk"]: item for item in items}
    both = [_pair(key, records.get(key), rows.get(key)) for key in {*records, *rows}]
    return sorted(both, key=lambda pair: (_start(pair), pair.key))


def differing(found: Iterable[Pair]) -> int:
    """Count the events on which the two sides do not agree."""
    return sum(not pair.equal for pair in found)


def shown(found: Iterable[Pair], *, now: datetime) -> list[Pair]:
    """Choose what the page has room for, in order: what differs, then what comes next."""
    found = list(found)
    today = instants.to_text(now)
    ranked = sorted(found, key=lambda pair: (pair.equal, _start(pair) < today, _start(pair)))
    chosen = {pair.key for pair in ranked[:MOST]}
    return [pair for pair in found if pair.key in chosen]


def _pair(key: str, record: Record | None, row: Mapping[str, Any] | None) -> Pair:
    tombstone = bool(row and row["deleted"])
    live = None if tombstone else row
    same_hash = bool(record and live and record.content_hash == live["content_hash"])
    return Pair(
        key=key,
        calendar=None if record is None else _from_record(record),
        table=None if row is None else _from_item(row),
        tombstone=tombstone,
        equal=same_hash or (record is None and live is None),
    )


def _from_record(record: Record) -> Entry:
    summary = str(record.document.get("summary") or "")
    return Entry(summary, record.key.calendar_id, record.start_at, record.all_day)


def _from_item(item: Mapping[str, Any]) -> Entry:
    summary = str(item["event"].get("summary") or "")
    return Entry(summary, item["calendar_id"], item.get("start_at"), item["all_day"])


def _start(pair: Pair) -> str:
    entry = pair.calendar or pair.table
    return (entry.start_at if entry else None) or ""
