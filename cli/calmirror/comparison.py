"""Compare what Cronofy says with what the table holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from calendar_mirror.records import Record


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
        fields: names of the top-level fields that differ, with `Difference.STALE`.
    """

    difference: Difference
    calendar_id: str
    event_uid: str
    fields: tuple[str, ...] = ()


def compare(
    records: Iterable[Record], items: Iterable[Mapping[str, Any]], *, surplus: bool = True
) -> list[Finding]:
    """
    Hold the *records* of a read of the whole window against all *items* of the account.

    Args:
        surplus: whether rows that the read did not return count. They may lie outside the window.
    """
    live = {record.key.sort_key: record for record in records if not record.deleted}
    rows = {item["sk"]: item for item in items if not item["deleted"]}
    found = [_missing_or_stale(record, rows.get(key)) for key, record in live.items()]
    extra = [_surplus(rows[key]) for key in rows.keys() - live.keys()] if surplus else []
    return sorted(
        [finding for finding in found if finding is not None] + extra,
        key=lambda finding: (finding.difference, finding.calendar_id, finding.event_uid),
    )


def _missing_or_stale(record: Record, item: Mapping[str, Any] | None) -> Finding | None:
    calendar_id, event_uid = record.key.calendar_id, record.key.event_uid
    if item is None:
        return Finding(Difference.MISSING, calendar_id, event_uid)
    if item["content_hash"] == record.content_hash:
        return None
    document, stored = record.document, item["event"]
    names = document.keys() | stored.keys()
    differing = sorted(name for name in names if document.get(name) != stored.get(name))
    return Finding(Difference.STALE, calendar_id, event_uid, tuple(differing))


def _surplus(item: Mapping[str, Any]) -> Finding:
    return Finding(Difference.SURPLUS, item["calendar_id"], item["event_uid"])
