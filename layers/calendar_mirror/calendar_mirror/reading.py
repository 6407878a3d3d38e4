"""
Make one read of an account, and write what differs.

    planning ─▶ cronofy.pages ─▶ records ─▶ diffing ─▶ events_table ─▶ the account's cursor

The order is what makes it safe to stop anywhere: the start of the read is taken before its first
page, and remembered after its last write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from calendar_mirror import busy, diffing, planning, profiles, records, repairing
from calendar_mirror.diffing import Stored
from calendar_mirror.documents import Json
from calendar_mirror.errors import CronofyUnavailableError, PageExpiredError
from calendar_mirror.messages import Message
from calendar_mirror.planning import CompletedRead, ReadPlan
from calendar_mirror.records import Key, Record
from calendar_mirror.scopes import Mode
from calendar_mirror.visit import Visit

Lookup: TypeAlias = Callable[[Sequence[Key]], Mapping[Key, Stored]]

#: How the entries of a page become records.
RECORDS: Mapping[Mode, Callable[[str, Json], Record]] = {
    Mode.EVENTS: records.from_cronofy,
    Mode.FREE_BUSY: busy.from_cronofy,
}


def read(visit: Visit, wanted: Sequence[Message], *, everything: bool) -> None:
    """Make the one read that settles *wanted*, and remember it once its last page is written."""
    try:
        _from_the_start(visit, wanted, everything)
        return
    except PageExpiredError:
        pass
    try:
        _from_the_start(visit, wanted, everything)
    except PageExpiredError as error:
        raise CronofyUnavailableError("page links expire before they are followed") from error


def _from_the_start(visit: Visit, wanted: Sequence[Message], everything: bool) -> None:
    account, started_at = visit.account, visit.edges.now()
    plan = planning.plan(
        wanted,
        account.last_read,
        now=started_at,
        overlap=visit.edges.overlap,
        coverage=account.wanted,
        everything=everything,
    )
    completed = CompletedRead(started_at, plan.last_modified)
    if plan.is_full:
        _whole_window(visit, plan, completed)
    else:
        for _ in _pages(visit, plan, visit.edges.events.stored):
            pass
    visit.remember_read(completed, plan.coverage)


def _whole_window(visit: Visit, plan: ReadPlan, completed: CompletedRead) -> None:
    """
    Read everything, and then mark as deleted what should have been among it and was not. All rows
    are looked up at once: it costs what looking them up page by page does.
    """
    account, edges = visit.account, visit.edges
    rows = dict(edges.events.rows(account.account_id))
    tombstones = {key for key, row in rows.items() if row.deleted}
    seen: set[Key] = set()
    for found in _pages(visit, plan, lambda keys: {k: rows[k] for k in keys if k in rows}):
        # An event can come on two pages: the second is held against what the first has written.
        rows.update({each.key: Stored(each.content_hash, each.deleted) for each in found})
        seen.update(each.key for each in found)
    gone = repairing.gone(
        {
            key: row
            for key, row in rows.items()
            if key not in seen or (row.deleted and key in tombstones)
        },
        coverage=plan.coverage,
        covered=account.covered,
        within=repairing.window(completed.started_at),
        is_complete=visit.has_seen_profiles and profiles.reads_are_complete(account.profiles or ()),
    )
    _write(visit, [records.tombstone(key) for key in gone])


def _pages(visit: Visit, plan: ReadPlan, lookup: Lookup) -> Iterator[Sequence[Record]]:
    """Write what differs, page by page; yield what each page holds, one record for each key."""
    reader = RECORDS[plan.coverage.mode]
    for page in visit.cronofy.pages(plan, visit.grant):
        found, malformed = records.readable(visit.account.account_id, page.events, reader)
        latest = diffing.latest(found)
        difference = diffing.compare(latest, lookup([record.key for record in latest]))
        _write(visit, difference.writes)
        visit.counts.update(pages=1, unchanged=difference.unchanged, malformed=malformed)
        yield latest


def _write(visit: Visit, writes: Sequence[Record]) -> None:
    refused = visit.edges.events.write(writes, synced_at=visit.edges.now())
    visit.counts.update(
        written=len(writes) - refused,
        deleted=sum(record.deleted for record in writes),
        truncated=sum(bool(record.truncated) for record in writes),
        malformed=refused,
    )
