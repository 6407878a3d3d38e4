"""Go through the pages of a read, and write what differs from the rows, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from calendar_mirror import busy, diffing, origins, records
from calendar_mirror.diffing import Stored
from calendar_mirror.documents import Document, Json
from calendar_mirror.origins import Origin
from calendar_mirror.planning import ReadPlan
from calendar_mirror.records import Key, Record
from calendar_mirror.scopes import Mode
from calendar_mirror.visit import Visit

Lookup: TypeAlias = Callable[[Sequence[Key]], Mapping[Key, Stored]]

#: How the entries of a page become records.
RECORDS: Mapping[Mode, Callable[[str, Json], Record]] = {
    Mode.EVENTS: records.from_cronofy,
    Mode.FREE_BUSY: busy.from_cronofy,
}


@dataclass(frozen=True, slots=True)
class WrittenPage:
    """
    A page whose rows are written.

    Attributes:
        total: how many pages there are in all, where Cronofy says so.
        records: one for each key.
        unusable: events of which the page speaks in a way that cannot be kept: they exist.
        are_all_named: each of its entries says which event it is about.
    """

    total: int | None
    records: Sequence[Record]
    unusable: frozenset[Key]
    are_all_named: bool


@dataclass(slots=True)
class Seen:
    """
    What the pages of a read, or of one span of it, showed so far.

    Attributes:
        keys: of the events that they spoke of.
        pages: how many there were.
        total: how many there should be, as the last one said; ``None``: it did not.
        are_all_named: each entry said which event it was about.
    """

    keys: set[Key] = field(default_factory=set)
    pages: int = 0
    total: int | None = None
    are_all_named: bool = True

    def add(self, page: WrittenPage) -> None:
        """Note what *page* showed."""
        self.keys.update(page.unusable, (each.key for each in page.records))
        self.are_all_named &= page.are_all_named
        self.pages += 1
        self.total = page.total

    @property
    def is_whole(self) -> bool:
        """Tell whether there were as many pages as the last one named."""
        return self.pages >= (self.total or 0)

    @property
    def proves_absence(self) -> bool:
        """
        Tell whether an event that was not seen is not there: no page is missing, and no entry can
        be one of those that seem to be.
        """
        return self.are_all_named and self.is_whole


def pages(visit: Visit, plan: ReadPlan, lookup: Lookup, origin: Origin) -> Iterator[WrittenPage]:
    """Write what differs, page by page; yield each page once it is written."""
    reader = RECORDS[plan.coverage.mode]
    for page in visit.cronofy.pages(plan, visit.grant):
        entries = records.readable(visit.account.account_id, page.events, reader)
        latest = diffing.latest(entries.records)
        stored = lookup([record.key for record in latest])
        difference = diffing.compare(latest, stored)
        write(visit, difference.writes, stored, origin)
        visit.counts.update(
            pages=1,
            unchanged=difference.unchanged,
            renewed=difference.renewed,
            malformed=entries.malformed,
        )
        yield WrittenPage(page.total, latest, entries.unusable, entries.are_all_named)


def write(
    visit: Visit, writes: Sequence[Record], stored: Mapping[Key, Stored], origin: Origin
) -> None:
    """Write rows over those that are *stored*, and count them."""
    told = _with_origin(visit, writes, stored, origin)
    refused = visit.edges.events.write(told, synced_at=visit.edges.now())
    visit.counts.update(
        written=len(writes) - refused,
        deleted=sum(record.deleted for record in writes),
        truncated=sum(bool(record.truncated) for record in writes),
        malformed=refused,
    )


def _with_origin(
    visit: Visit, writes: Sequence[Record], stored: Mapping[Key, Stored], origin: Origin
) -> list[Record]:
    """
    Say why each of *writes* is made. What a live row held is looked up only now that it is to be
    replaced: it is not needed to decide, and most rows never are.
    """
    live = {key for key, row in stored.items() if not row.deleted}
    replaced = [record.key for record in writes if record.key in live and not record.deleted]
    before = visit.edges.events.documents(replaced) if replaced else {}
    return [
        replace(record, origin=_origin_of(record, before.get(record.key), origin))
        for record in writes
    ]


def _origin_of(record: Record, before: Document | None, origin: Origin) -> Origin:
    if before is None:
        return origin
    names = origins.changed(before, record.document, truncated=record.truncated)
    return replace(origin, changed=names)
