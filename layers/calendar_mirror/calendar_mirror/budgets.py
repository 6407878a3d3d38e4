"""
How many calls Cronofy takes from the whole stack: a generic cell rate algorithm.

One number is kept, the *theoretical arrival time*: when the calls admitted so far would have been
made at an even pace. A call is admitted while that time is at most so far ahead of the clock.
Source: ITU-T recommendation I.371, annex A ("virtual scheduling")

Cronofy may take fewer calls than we were told, or another part of the application makes some: then
it answers 429 though we keep to ours. Everybody's pace becomes slower for some minutes.
See docs/decisions/0006-the-pace-gives-way.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field

#: Left to clocks that differ and to whoever else uses the application.
_USED = 0.96


@dataclass(frozen=True, slots=True)
class Limit:
    """
    Attributes:
        interval_s: seconds between two calls at an even pace.
        burst: calls that may come at once.
    """

    interval_s: float
    burst: int

    def tolerance_s(self, *, is_background: bool) -> float:
        """
        Return how far ahead of the clock the arrival time may be. Background work leaves the other
        half of a burst to what users wait for, whenever that comes.
        """
        calls = self.burst // 2 if is_background else self.burst
        return (max(1, calls) - 1) * self.interval_s

    def headroom(self, ahead_s: float) -> float:
        """Return which part of a burst is left (0 to 1), so far ahead of the clock."""
        return min(1.0, max(0.0, 1 - ahead_s / (self.burst * self.interval_s)))

    def slowed(self, factor: float) -> Limit:
        """Return the limit that takes *factor* times as long for everything."""
        return Limit(self.interval_s * factor, max(1, int(self.burst / factor)))


def limit(calls_per_minute: int) -> Limit:
    """
    Return the pace that keeps below *calls_per_minute* in any minute, and below a tenth of them in
    any second.

    By default Cronofy takes 500 calls a minute and 50 a second from an application.
    Source: https://docs.cronofy.com/developers/faqs/rate-limits/
    """
    used = calls_per_minute * _USED
    burst = max(1, int(used / 12))
    return Limit(60 / max(1.0, used - burst), burst)


#: What one 429 does to the pace, and all of them together. At the slowest, 44 of 500 calls a minute
#: are left.
_STEP, _SLOWEST = 1.5, 10.0
#: Many workers meet with the same shortage: it counts once within so many seconds.
_RAISED_EVERY_S = 2.0
#: After so many seconds, half of a slowdown is gone.
_HALF_LIFE_S = 90.0


@dataclass(frozen=True, slots=True)
class Slowdown:
    """
    Attributes:
        factor: how many times as long everything takes, at first.
        since: seconds since the epoch.
    """

    factor: float = 1.0
    since: float = 0.0

    def at(self, now: float) -> float:
        """Return the factor that is left of it."""
        age = max(0.0, now - self.since)
        return 1.0 + (self.factor - 1.0) * float(0.5 ** (age / _HALF_LIFE_S))

    def after_429(self, now: float) -> Slowdown | None:
        """Return what it becomes when Cronofy answers 429; ``None``: it was raised just now."""
        if 0 <= now - self.since < _RAISED_EVERY_S:
            return None
        return Slowdown(min(_SLOWEST, self.at(now) * _STEP), now)


#: What a worker knows of the budget tells nothing after so many seconds.
_FRESH_S = 10.0


@dataclass(frozen=True, slots=True)
class Glimpse:
    """
    What a worker saw of the budget when it asked for a call last.

    Attributes:
        at: seconds since the epoch.
        ahead_s: how far ahead of the clock the arrival time was then.
    """

    at: float = 0.0
    ahead_s: float = 0.0
    slowdown: Slowdown = field(default_factory=Slowdown)

    def headroom(self, limit: Limit, now: float) -> float | None:
        """Return which part of a burst was left; ``None``: that is too long ago."""
        if not 0 <= now - self.at <= _FRESH_S:
            return None
        return limit.slowed(self.slowdown.at(self.at)).headroom(self.ahead_s)


#: Calls that a look at an account takes, full read included, in most cases, and the part of the
#: budget that is for such looks.
_CALLS_OF_A_LOOK = 4
_SHARE_OF_LOOKS = 0.7


def looks_within(calls_per_minute: int, minutes: int) -> int:
    """Return how many accounts may be looked at by the clock within *minutes*."""
    calls = calls_per_minute * minutes * _SHARE_OF_LOOKS
    return max(1, int(calls / _CALLS_OF_A_LOOK))
