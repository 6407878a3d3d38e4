"""Watch one change on its way from the calendar into the table."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from demonstration.calendar import Calendar
from demonstration.mirror import Mirror, Queue, WriteCounter

#: Seconds after which a change that has not arrived counts as lost.
PATIENCE_S = 60.0
_LOOK_EVERY_S = 0.05
#: The stream tells of a write a moment after the table shows it.
_STREAM_LAG_S = 0.5


@dataclass(frozen=True, slots=True)
class Passage:
    """
    What it took until the table was equal to the calendar again.

    Attributes:
        seconds: ``None``: it was not, after `PATIENCE_S`.
        calls: of Cronofy's API, for the account.
        writes: of the events table.
    """

    seconds: float | None
    calls: int
    writes: int


@dataclass(frozen=True, slots=True)
class Watch:
    """One account, on both sides."""

    account_id: str
    calendar: Calendar
    mirror: Mirror
    writes: WriteCounter
    queue: Queue

    def until_equal(
        self, change: Callable[[], object], waiting: Callable[[float], None]
    ) -> Passage:
        """
        Make *change*, and wait until the table shows it, and then until nothing is left to do.

        Args:
            waiting: is told, again and again, how many seconds it has been.
        """
        calls, writes = self.calendar.api_calls(self.account_id), self.writes.count()
        began = time.monotonic()
        change()
        seconds = self._seconds_until_equal(began, waiting)
        self._until_quiet(began)
        time.sleep(_STREAM_LAG_S)
        return Passage(
            seconds,
            self.calendar.api_calls(self.account_id) - calls,
            self.writes.count() - writes,
        )

    def differing(self) -> set[str]:
        """Return the sort keys of events on which the two sides do not agree."""
        records = self.calendar.records(self.account_id)
        wanted = {(key, record.content_hash) for key, record in records.items()}
        return {key for key, _ in wanted ^ set(self.mirror.hashes(self.account_id).items())}

    def _seconds_until_equal(self, began: float, waiting: Callable[[float], None]) -> float | None:
        while (elapsed := time.monotonic() - began) < PATIENCE_S:
            if not self.differing():
                return time.monotonic() - began
            waiting(elapsed)
            time.sleep(_LOOK_EVERY_S)
        return None

    def _until_quiet(self, began: float) -> None:
        while not self.queue.is_empty() and time.monotonic() - began < 2 * PATIENCE_S:
            time.sleep(_LOOK_EVERY_S)
