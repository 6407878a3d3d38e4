"""Clocks that tests can turn. Each is a callable that gives the present instant, in UTC."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

Clock = Callable[[], datetime]


class Turnable(Protocol):
    """A clock that can be moved forward."""

    def __call__(self) -> datetime: ...
    def advance(self, seconds: float) -> None: ...


class RealClock:
    """Wall time plus an offset."""

    __slots__ = ("offset",)

    def __init__(self) -> None:
        self.offset = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def advance(self, seconds: float) -> None:
        self.offset += timedelta(seconds=seconds)


class FrozenClock:
    """Stands still unless advanced: for tests in one process."""

    __slots__ = ("now",)

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
