"""
Read an account, its changes or its whole window, and write what differs.

    planning ─▶ cronofy.pages ─▶ records ─▶ diffing ─▶ events_table ─▶ the account's cursor

The order is what makes it safe to stop anywhere: the start of the read is taken before its first
page, and remembered after its last write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from calendar_mirror import (
    origins,
    paging,
    planning,
    profile_keeping,
    profiles,
    records,
    repairing,
    spans,
)
from calendar_mirror.accounts import Account, FullRead
from calendar_mirror.diffing import Stored
from calendar_mirror.errors import (
    CronofyUnavailableError,
    PageExpiredError,
    RateLimitedError,
    UnfinishedError,
)
from calendar_mirror.messages import Message
from calendar_mirror.origins import Origin
from calendar_mirror.paging import Seen, WrittenPage
from calendar_mirror.planning import CompletedRead, ReadPlan
from calendar_mirror.records import Key, Record
from calendar_mirror.scopes import Coverage
from calendar_mirror.spans import Span
from calendar_mirror.visit import Visit

_T = TypeVar("_T")

#: A read of the whole window lets others have their turn after so long.
_A_WHILE = timedelta(seconds=30)
#: Pages that have to be read before it is worth dividing what is left, and into how many parts.
_WORTH_DIVIDING, _MOST_PARTS = 3, 32


@dataclass(frozen=True, slots=True)
class Changes:
    """
    What a read of changes came to.

    Attributes:
        rows: how many it changed.
        doubtful_since: from when on changes may be missing, since it had fewer pages than it named;
            ``None``: none are.
    """

    rows: int
    doubtful_since: datetime | None = None


def changes(visit: Visit, wanted: Sequence[Message], *, since: datetime | None = None) -> Changes:
    """
    Make the one read of changes that settles *wanted*, and remember it once its last page is
    written.

    Reads the whole window where only that settles them.
    """
    account, started_at = visit.account, visit.edges.now()
    plan = planning.plan(
        wanted,
        account.last_read,
        now=started_at,
        overlap=visit.edges.overlap,
        coverage=account.wanted,
        since=since,
    )
    if plan.is_full:
        return Changes(everything(visit, wanted))
    before = visit.counts["written"]
    origin = origins.of_read(wanted, started_at=started_at, last_modified=plan.last_modified)
    stored = visit.edges.events.stored
    is_whole = _once_more_if_expired(lambda: _drained(paging.pages(visit, plan, stored, origin)))
    visit.has_written(wanted)
    visit.remember_read(CompletedRead(started_at, plan.last_modified), plan.coverage)
    return Changes(visit.counts["written"] - before, None if is_whole else plan.last_modified)


def everything(visit: Visit, wanted: Sequence[Message], *, resume: bool = False) -> int:
    """
    Read the whole window, mark as deleted what should have been among it and was not, and remember
    it; return how many rows it changed.

    A read that takes longer than a while, or is short of calls, is divided into spans of time and
    goes on with those that are left: by *resume*, in another invocation.

    Raises:
        UnfinishedError: there is more to do; it is remembered what.
    """
    account, now = visit.account, visit.edges.now()
    under_way = account.full_read if resume else None
    if under_way is None or under_way.coverage != account.wanted:
        asked = tuple(message.received_at for message in wanted)
        under_way = FullRead(now, account.wanted, asked=asked)
    origin = origins.of_read(wanted, started_at=under_way.started_at, last_modified=None)
    whole = _WholeWindow(visit, under_way, origin)
    for span in under_way.left:
        whole.read(span)
    visit.has_written(each for each in wanted if each.received_at in under_way.asked)
    completed = CompletedRead(under_way.started_at, None)
    drift = whole.drift if account.last_full_read_at is not None else 0
    visit.counts.update(full_reads=1, drift=drift)
    visit.is_silent = drift > 0 and _had_nothing_notified(visit, account, under_way.coverage)
    visit.remember_read(completed, under_way.coverage, drift=drift)
    return whole.changed


def _had_nothing_notified(visit: Visit, before: Account, coverage: Coverage) -> bool:
    """
    Tell whether nothing was notified of the account since its last full read, though a channel was
    there to do so: then that read is its last one of any kind.
    """
    last_read = before.last_read
    return (
        visit.account.channel is not None
        and before.covered == coverage
        and last_read is not None
        and last_read.started_at == before.last_full_read_at
    )


class _WholeWindow:
    """
    A read of the whole window, as far as it gets in this visit.

    All rows are looked up at once: it costs what looking them up page by page does, and tells what
    is not among the pages.
    """

    def __init__(self, visit: Visit, under_way: FullRead, origin: Origin) -> None:
        self._visit = visit
        self._under_way = under_way
        self._origin = origin
        self._began = visit.edges.now()
        self._before = self._put_right
        self._entered_before = visit.counts["entered"]
        self._rows = dict(visit.edges.events.rows(visit.account.account_id))
        self._tombstones = {key for key, row in self._rows.items() if row.deleted}

    @property
    def drift(self) -> int:
        """Return how many rows were wrong so far."""
        return max(0, self._under_way.drift + self._put_right - self._before)

    @property
    def changed(self) -> int:
        """Return how many rows were changed so far."""
        return self.drift + self._visit.counts["entered"] - self._entered_before

    @property
    def _put_right(self) -> int:
        counts = self._visit.counts
        return counts["written"] - counts["entered"] - counts["renewed"]

    def read(self, span: Span) -> None:
        """Read one span, and note that it is done where others are left."""
        began = self._visit.edges.now()
        self._mark_gone(span, _once_more_if_expired(lambda: self._pages_of(span)))
        left = tuple(each for each in self._under_way.left if each != span)
        if not left:
            return
        self._note(left)
        now = self._visit.edges.now()
        if self._visit.time_is_up() or now - self._began + (now - began) > _A_WHILE:
            raise UnfinishedError("the rest of the window is still to be read", 0.0)

    def _pages_of(self, span: Span) -> Seen:
        visit, seen = self._visit, Seen()
        now = visit.edges.now()
        plan = ReadPlan(None, self._under_way.coverage, spans.asked_for(span, now))
        ends = self._began + _A_WHILE if len(spans.parts(span, 2, now)) > 1 else None
        try:
            for page in paging.pages(visit, plan, self._stored, self._origin):
                seen.add(page)
                visit.counts["entered"] += self._entered(page.records)
                self._rows.update({each.key: _kept(each) for each in page.records})
                if visit.time_is_up() or (ends and visit.edges.now() > ends):
                    raise UnfinishedError("the window does not fit into one go", 0.0)
        except (UnfinishedError, RateLimitedError):
            self._divide(span, seen)
            raise
        return seen

    def _entered(self, found: Sequence[Record]) -> int:
        """Count what is new because time has passed: nobody is told when the window moves on."""
        last_at = self._visit.account.last_full_read_at
        if last_at is None:
            return 0
        end = repairing.window(last_at).end
        new = (each for each in found if each.key not in self._rows and not each.deleted)
        return sum(each.start_at is not None and each.start_at >= end for each in new)

    def _stored(self, keys: Sequence[Key]) -> Mapping[Key, Stored]:
        return {key: self._rows[key] for key in keys if key in self._rows}

    def _mark_gone(self, span: Span, seen: Seen) -> None:
        visit, coverage = self._visit, self._under_way.coverage
        known = visit.account.profiles or ()
        unseen = {
            key: row
            for key, row in self._rows.items()
            if key not in seen.keys or (row.deleted and key in self._tombstones)
        }
        reaches_all = visit.has_seen_profiles and profiles.reads_are_complete(known)
        is_complete = reaches_all and seen.proves_absence
        keys = repairing.gone(
            unseen,
            coverage=coverage,
            covered=visit.account.covered,
            span=span,
            within=repairing.window(self._under_way.started_at),
            is_complete=is_complete,
        )
        gone = [records.tombstone(key) for key in keys]
        if gone and is_complete:
            profile_keeping.make_sure(visit)
        paging.write(visit, gone, {}, self._origin)

    def _divide(self, span: Span, seen: Seen) -> None:
        """Let *span* be read in parts that fit, if enough of it was read to tell."""
        count, pages, total = 1, seen.pages, seen.total
        if pages >= _WORTH_DIVIDING:
            count = 2 if not total else min(_MOST_PARTS, max(2, -(-2 * total // pages)))
        divided = spans.parts(span, count, self._visit.edges.now())
        left = self._under_way.left
        self._note((*divided, *left[left.index(span) + 1 :]))

    def _note(self, left: tuple[Span, ...]) -> None:
        drift, self._before = self.drift, self._put_right
        self._under_way = replace(self._under_way, left=left, drift=drift)
        self._visit.remember_full_read(self._under_way)


def _once_more_if_expired(read: Callable[[], _T]) -> _T:
    try:
        return read()
    except PageExpiredError:
        pass
    try:
        return read()
    except PageExpiredError as error:
        raise CronofyUnavailableError("page links expire before they are followed") from error


def _drained(pages: Iterator[WrittenPage]) -> bool:
    """Go through *pages*; tell whether there were as many as the last one named."""
    seen = Seen()
    for page in pages:
        seen.add(page)
    return seen.is_whole


def _kept(record: Record) -> Stored:
    """An event can come on two pages: the second is held against what the first has written."""
    return Stored(record.content_hash, record.deleted, record.start_at, record.end_at)
