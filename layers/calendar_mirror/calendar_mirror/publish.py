"""The shell of `publish`: from what was written in the events table to the change feed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from calendar_mirror import feed
from calendar_mirror.change_bus import Sent
from calendar_mirror.feed import Entry, Write
from calendar_mirror.measures import Measure

PublishAll: TypeAlias = Callable[[Sequence[Entry]], Sent]


@dataclass(frozen=True, slots=True)
class Publication:
    """
    What became of one batch of the stream.

    Attributes:
        entries: how many are on the bus for certain.
        lag_ms: from the earliest of their writes until now; ``None``: there are none.
        again: sequence number of the first write that could not be told, or nothing. It and all
            behind it come again, so that no later one overtakes it.
        trouble: why; nothing personal.
    """

    entries: int
    lag_ms: float | None
    again: tuple[str, ...]
    trouble: str | None

    @property
    def measured(self) -> Mapping[Measure, float]:
        """Return what CloudWatch is told of it."""
        lag = {} if self.lag_ms is None else {Measure.FEED_LAG: self.lag_ms}
        return {
            Measure.FEED_ENTRIES: self.entries,
            Measure.FEED_FAILURES: len(self.again),
            **lag,
        }


def publish(
    writes: Sequence[Write], to: PublishAll, *, table: str, now: Callable[[], datetime]
) -> Publication:
    """Tell the change feed of *writes*, in their order."""
    told = [(write, entry) for write in writes if (entry := feed.entry(write, table=table))]
    sent = to([entry for _, entry in told])
    earliest = min((write.written_at for write, _ in told[: sent.count]), default=None)
    return Publication(
        entries=sent.count,
        lag_ms=None if earliest is None else 1000 * max(0.0, now().timestamp() - earliest),
        again=tuple(write.sequence_number for write, _ in told[sent.count : sent.count + 1]),
        trouble=sent.trouble,
    )
