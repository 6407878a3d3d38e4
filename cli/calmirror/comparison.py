"""Compare what Cronofy says with what the table holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from calendar_mirror import diffing, records
from calendar_mirror.records import Record
from calendar_mirror.spans import FUTURE, PAST

#: Attributes that say when and why a row was written, not what of.
_WRITING = frozenset({"synced_at", "expires_at", "written_by"})


class Difference(StrEnum):
    """How an event differs: no row, an older row, or a row that should be a tombstone."""

    MISSING = "missing"
    STALE = "stale"
    SURPLUS = "surplus"


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One event on which the two sides do not agree.

    Attributes:
        fields: names of the top-level fields that differ, with `Difference.STALE`; where none does,
            of the attributes beside the document.
        cronofy, table: what either side says: of a stale event the differing fields, of any other
            the whole document. ``None``: nothing.
    """

    difference: Difference
    calendar_id: str
    event_uid: str
    fields: tuple[str, ...] = ()
    cronofy: Mapping[str, Any] | None = field(default=None, repr=False)
    table: Mapping[str, Any] | None = field(default=None, repr=False)


def compare(
    records: Iterable[Record], items: Iterable[Mapping[str, Any]], *, now: datetime
) -> list[Finding]:
    """
    Hold the *records* of a read of the whole window, made at about *now*, against all *items* of
    the account.
    """
    live = {r.key.sort_key: r for r in diffing.latest(records) if not r.deleted}
    rows = {item["sk"]: item for item in items if not item["deleted"]}
    found = [_missing_or_stale(record, rows.get(key), now) for key, record in live.items()]
    extra = [rows[key] for key in rows.keys() - live.keys()]
    surplus = [_surplus(item) for item in extra if in_window(item, now)]
    return sorted(
        [finding for finding in found if finding is not None] + surplus,
        key=lambda finding: (finding.difference, finding.calendar_id, finding.event_uid),
    )


def in_window(item: Mapping[str, Any], now: datetime) -> bool:
    """
    Tell whether a read of the window must return the row's event. A day less at either edge, where
    the answer depends on whose day it is; never for an event whose times are not known.
    """
    starts, ends = item.get("start_at"), item.get("end_at")
    if starts is None:
        return False
    first = (now - PAST).date() + timedelta(days=1)
    last = (now + FUTURE).date() - timedelta(days=1)
    return _day(ends or starts) > first and _day(starts) < last


def _missing_or_stale(
    record: Record, item: Mapping[str, Any] | None, now: datetime
) -> Finding | None:
    """
    Hold the whole row against what `sync` would write now. Not its hash alone: that says nothing
    about a row which something else has written to.
    """
    ids, wanted = (
        (record.key.calendar_id, record.key.event_uid),
        records.to_item(record, synced_at=now),
    )
    if item is None:
        return Finding(Difference.MISSING, *ids, cronofy=record.document)
    beside = _differing(wanted, item, leaving=_WRITING | {"event"})
    fields = _differing(record.document, item["event"])
    if not beside and not fields:
        return None
    cronofy, table = (record.document, item["event"]) if fields else (wanted, item)
    differing = fields or beside
    return Finding(
        Difference.STALE,
        *ids,
        differing,
        cronofy={name: cronofy[name] for name in differing if name in cronofy},
        table={name: table[name] for name in differing if name in table},
    )


def _differing(
    one: Mapping[str, Any], other: Mapping[str, Any], *, leaving: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    names = (one.keys() | other.keys()) - leaving
    return tuple(
        sorted(n for n in names if (n in one) != (n in other) or one.get(n) != other.get(n))
    )


def _surplus(item: Mapping[str, Any]) -> Finding:
    ids = (item["calendar_id"], item["event_uid"])
    return Finding(Difference.SURPLUS, *ids, table=item["event"])


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])
