"""Whether a call may be made now: work that has begun waits a little, other work comes later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from calendar_mirror.errors import BudgetUsedUpError

#: Seconds that one visit to an account may wait in all.
PATIENCE_S = 20.0
#: Others wait as well: to ask at once when there may be room for one would help none.
_STEP_S = 0.25


class Budget(Protocol):
    """The calls that are shared, by data center."""

    def take(self, data_center: str, *, is_background: bool) -> None: ...

    def slow_down(self, data_center: str) -> None: ...

    def headroom(self, data_center: str | None = None) -> float | None: ...


@dataclass(slots=True)
class Admission:
    """
    Asked before each call of one visit, and told of each 429.

    The first call does not wait: nothing is lost yet, and the message comes again. A later one
    does, since otherwise all that was read so far would be read again.

    Attributes:
        sleep: seconds.
        is_background: nobody waits for the visit.
        has_begun: the first call waits as well, since nobody would come again.
        patience_s: seconds that all calls together may wait.
    """

    budget: Budget
    data_center: str
    sleep: Callable[[float], None]
    is_background: bool = False
    has_begun: bool = False
    patience_s: float = PATIENCE_S
    waited_s: float = 0.0

    def __call__(self) -> None:
        """Return when the call may be made."""
        while True:
            try:
                self.budget.take(self.data_center, is_background=self.is_background)
            except BudgetUsedUpError as error:
                wait_s = max(_STEP_S, error.retry_after_s or 0.0)
                if not self.has_begun or self.waited_s + wait_s > self.patience_s:
                    raise
                self.sleep(wait_s)
                self.waited_s += wait_s
            else:
                self.has_begun = True
                return

    def refused(self) -> None:
        """Cronofy answered 429 to a call that was admitted."""
        self.budget.slow_down(self.data_center)

    def headroom(self) -> float | None:
        """Return which part of a burst is left (0 to 1), as far as that is known."""
        return self.budget.headroom(self.data_center)
