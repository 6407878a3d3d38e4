"""Notifications on their way: attempts, retries, and what became of them."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cronofy_simulator.wire import Json

REMEMBERED = 10_000


class Ending(StrEnum):
    ANSWERED = "answered"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended. `status` only when answered; `seconds` that it took."""

    ending: Ending
    status: int = 0
    seconds: float = 0.0

    @property
    def succeeded(self) -> bool:
        """Source: reference 1.5, any 2xx within 5 seconds. The shell watches the seconds."""
        return self.ending is Ending.ANSWERED and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to be made now: a POST."""

    delivery_id: str
    channel_id: str
    url: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Attempt:
    at: datetime
    outcome: Outcome | None = None

    def document(self) -> Json:
        made: Json = {"at": self.at.isoformat()}
        if self.outcome is not None:
            made["ending"] = str(self.outcome.ending)
            made["status"] = self.outcome.status or None
            made["seconds"] = round(self.outcome.seconds, 3)
        return made


@dataclass(slots=True)
class Parcel:
    """A notification for one channel. `state`: waiting, in flight, delivered, given up, dropped."""

    delivery_id: str
    channel_id: str
    account_id: str
    url: str
    kind: str
    changes_since: str
    body: bytes
    due_at: datetime
    state: str = "waiting"
    attempts: list[Attempt] = field(default_factory=list)

    def document(self) -> Json:
        return {
            "delivery_id": self.delivery_id,
            "channel_id": self.channel_id,
            "account_id": self.account_id,
            "url": self.url,
            "type": self.kind,
            "changes_since": self.changes_since or None,
            "state": self.state,
            "due_at": self.due_at.isoformat(),
            "attempts": [each.document() for each in self.attempts],
        }


@dataclass(slots=True)
class Outbox:
    """`waiting` includes what is in flight; `done` remembers the latest of the rest."""

    waiting: dict[str, Parcel] = field(default_factory=dict)
    done: deque[Parcel] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    in_flight: dict[str, int] = field(default_factory=dict)  # by channel

    def add(self, parcel: Parcel) -> None:
        self.waiting[parcel.delivery_id] = parcel

    def due(self, now: datetime, at_once: int) -> list[Parcel]:
        """Take what is due, at most `at_once` for one channel, earliest first."""
        ready = [
            each for each in self.waiting.values() if each.state == "waiting" and each.due_at <= now
        ]
        ready.sort(key=lambda parcel: parcel.due_at)
        return [each for each in ready if self._take(each, now, at_once)]

    def returned(self, delivery_id: str, outcome: Outcome) -> Parcel | None:
        """None for a parcel that is not in flight: dropped meanwhile, or never taken."""
        parcel = self.waiting.get(delivery_id)
        if parcel is None or parcel.state != "in flight":
            return None
        parcel.attempts[-1].outcome = outcome
        parcel.state = "waiting"
        self.in_flight[parcel.channel_id] -= 1
        return parcel

    def finish(self, parcel: Parcel, state: str) -> None:
        parcel.state = state
        self.waiting.pop(parcel.delivery_id, None)
        self.done.append(parcel)

    def drop(self, channel_id: str) -> None:
        """What waits for a closed channel goes nowhere; what is in flight may still arrive."""
        for parcel in list(self.waiting.values()):
            if parcel.channel_id == channel_id and parcel.state == "waiting":
                self.finish(parcel, "dropped")

    def next_at(self, at_once: int) -> datetime | None:
        return min(
            (
                each.due_at
                for each in self.waiting.values()
                if each.state == "waiting" and self.in_flight.get(each.channel_id, 0) < at_once
            ),
            default=None,
        )

    def find(self, delivery_id: str) -> Parcel | None:
        if delivery_id in self.waiting:
            return self.waiting[delivery_id]
        return next((each for each in self.done if each.delivery_id == delivery_id), None)

    def _take(self, parcel: Parcel, now: datetime, at_once: int) -> bool:
        flying = self.in_flight.get(parcel.channel_id, 0)
        if flying >= at_once:
            return False
        self.in_flight[parcel.channel_id] = flying + 1
        parcel.state = "in flight"
        parcel.attempts.append(Attempt(now))
        return True
