"""
Decide which read settles an account's messages, if any is needed.

The rule behind all of it: a message is done only when a read that started after the message was
received, with ``last_modified`` at or before the message's ``changes_since``, has had all its pages
written. See docs/decisions/0002-merging.md for why each part of it is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from calendar_mirror.messages import Kind, Message
from calendar_mirror.scopes import ALL_EVENTS, Coverage
from calendar_mirror.spans import PAST, WHOLE, Span

#: How far the clocks of two functions may be apart. The queue's delay is longer than the merge
#: bucket by as much.
CLOCK_SKEW = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class CompletedRead:
    """
    A read whose pages have all been written.

    Attributes:
        started_at: taken from our own clock before the first page was asked for.
        last_modified: what it asked for, inclusive; ``None``: the whole window.
    """

    started_at: datetime
    last_modified: datetime | None


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """
    The read to make: everything modified since *last_modified*, or the whole window where it is
    ``None``.

    Attributes:
        dates: from which day on, and before which day; where it has no bound, Cronofy's own holds.
    """

    last_modified: datetime | None
    coverage: Coverage = ALL_EVENTS
    dates: Span = WHOLE

    @property
    def is_full(self) -> bool:
        return self.last_modified is None


def unsettled(messages: Sequence[Message], last_read: CompletedRead | None) -> tuple[Message, ...]:
    """Return the messages that *last_read* has not settled already. When in doubt, they stay."""
    return tuple(m for m in messages if last_read is None or not _settles(last_read, m))


def plan(
    messages: Sequence[Message],
    last_read: CompletedRead | None,
    *,
    now: datetime,
    overlap: timedelta,
    coverage: Coverage = ALL_EVENTS,
    everything: bool = False,
    since: datetime | None = None,
) -> ReadPlan:
    """
    Plan the one read that settles all of *messages*.

    It reaches back to the earliest change that they speak of, or to the start of the last completed
    read if that is earlier (so that a notification that was lost is made good by the next), and by
    *overlap* more, since a change can become visible some time after the moment it is dated with.

    Args:
        everything: the whole window, whatever the messages ask for.
        since: reach back to this as well.
    """
    if everything or last_read is None or any(m.kind is Kind.FULL for m in messages):
        return ReadPlan(None, coverage)
    changes = [*(message.changes_since for message in messages), since]
    earliest = min([last_read.started_at, *(each for each in changes if each is not None)])
    if now - earliest >= PAST - overlap:  # a delta would miss what left the window since
        return ReadPlan(None, coverage)
    return ReadPlan((earliest - overlap).replace(microsecond=0), coverage)


def _settles(read: CompletedRead, message: Message) -> bool:
    """
    Tell whether *read* alone settles *message*.

    Its start is held against the end of the message's bucket, not its receipt, because the message
    may stand for others that were received until then. Only reads settle, and only what asks for
    one.
    """
    if message.kind not in (Kind.DELTA, Kind.FULL):
        return False
    started_later = read.started_at - CLOCK_SKEW >= message.stands_until
    if message.kind is Kind.FULL or message.changes_since is None:
        return started_later and read.last_modified is None
    return started_later and (
        read.last_modified is None or read.last_modified <= message.changes_since
    )
