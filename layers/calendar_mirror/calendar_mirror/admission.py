"""Whether a call may be made now: work that has begun waits a little, other work comes later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from calendar_mirror.errors import RateLimitedError

#: Seconds that one visit to an account may wait in all.
PATIENCE_S = 20.0
#: Others wait as well: to ask at once when there may be room for one would help none.
_STEP_S = 0.25


@dataclass(slots=True)
class Admission:
    """
    Asked before each call of one visit.

    The first call does not wait: nothing is lost yet, and the message comes again. A later one
    does, since otherwise all that was read so far would be read again.

    Attributes:
        take: takes one call out of the budget, or raises `RateLimitedError`.
        sleep: seconds.
        has_begun: the first call waits as well, since nobody would come again.
        patience_s: seconds that all calls together may wait.
    """

    take: Callable[[], None]
    sleep: Callable[[float], None]
    has_begun: bool = False
    patience_s: float = PATIENCE_S
    waited_s: float = 0.0

    def __call__(self) -> None:
        """Return when the call may be made."""
        while True:
            try:
                self.take()
            except RateLimitedError as error:
                wait_s = max(_STEP_S, error.retry_after_s or 0.0)
                if not self.has_begun or self.waited_s + wait_s > self.patience_s:
                    raise
                self.sleep(wait_s)
                self.waited_s += wait_s
            else:
                self.has_begun = True
                return
