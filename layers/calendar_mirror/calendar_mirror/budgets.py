"""
How many calls Cronofy takes from the whole stack: a generic cell rate algorithm.

One number is kept, the *theoretical arrival time*: when the calls admitted so far would have been
made at an even pace. A call is admitted while that time is at most so far ahead of the clock.
Source: ITU-T recommendation I.371, annex A ("virtual scheduling")
"""

from __future__ import annotations

from dataclasses import dataclass

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


#: Calls that a look at an account takes, full read included, in most cases, and the part of the
#: budget that is for such looks.
_CALLS_OF_A_LOOK = 4
_SHARE_OF_LOOKS = 0.7


def looks_within(calls_per_minute: int, minutes: int) -> int:
    """Return how many accounts may be looked at by the clock within *minutes*."""
    calls = calls_per_minute * minutes * _SHARE_OF_LOOKS
    return max(1, int(calls / _CALLS_OF_A_LOOK))
