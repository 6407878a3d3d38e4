"""Changes that a channel has not been told of yet."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(slots=True)
class PendingChange:
    """One notification to come: `since` is the earliest change that it stands for."""

    channel_id: str
    since: datetime
    due_at: datetime


@dataclass(slots=True)
class PendingChanges:
    by_channel: dict[str, list[PendingChange]] = field(default_factory=dict)

    def add(self, channel_id: str, at: datetime, due_at: datetime, coalescing: float) -> None:
        """A change joins a notification that has not gone out, unless it would be told too early.

        `due_at`: when the change itself may be told of, at the earliest.
        """
        waiting = self.by_channel.setdefault(channel_id, [])
        if waiting and coalescing > 0 and due_at < waiting[-1].due_at:
            waiting[-1].since = min(waiting[-1].since, at)
            return
        waiting.append(
            PendingChange(channel_id, at, due_at + timedelta(seconds=max(coalescing, 0)))
        )

    def take_due(self, now: datetime) -> list[PendingChange]:
        due: list[PendingChange] = []
        for channel_id in list(self.by_channel):
            waiting = self.by_channel[channel_id]
            due += (each for each in waiting if each.due_at <= now)
            still = [each for each in waiting if each.due_at > now]
            if still:
                self.by_channel[channel_id] = still
            else:
                del self.by_channel[channel_id]
        return due

    def next_at(self) -> datetime | None:
        waiting = (each.due_at for channel in self.by_channel.values() for each in channel)
        return min(waiting, default=None)

    def drop(self, channel_id: str) -> None:
        self.by_channel.pop(channel_id, None)
