"""Faults that tests inject, and when they strike."""

import random
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase

from cronofy_simulator.wire import Json


class FaultKind(StrEnum):
    STATUS = "status"  # answered with `status`, without effect
    STATUS_AFTER = "status_after"  # answered with `status`, after the effect
    SLOW = "slow"  # the true answer, `seconds` late
    DROP_BEFORE = "drop_before"  # the connection ends without effect or answer
    DROP_AFTER = "drop_after"  # the connection ends without answer, after the effect
    MALFORMED = "malformed"  # a body that is not JSON
    TRUNCATED = "truncated"  # half of the body, then the end of the connection
    EXPIRE_ACCESS = "expire_access"  # the account's access tokens end now
    EXPIRE_PAGES = "expire_pages"  # the account's page links end now
    BROKEN_EVENT = "broken_event"  # one event of the answer is replaced; see `variant`


BEFORE = {
    FaultKind.STATUS,
    FaultKind.DROP_BEFORE,
    FaultKind.EXPIRE_ACCESS,
    FaultKind.EXPIRE_PAGES,
}
VARIANTS = ("without_ids", "huge", "null_fields", "not_an_object", "wrong_types")


@dataclass(slots=True)
class Fault:
    """Strikes calls that match, `after` so many of them, `count` times (None: without end)."""

    fault_id: str
    kind: FaultKind
    path: str = "*"
    method: str = ""
    account_id: str = ""
    status: int = 503
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    variant: str = "without_ids"
    probability: float = 1.0
    after: int = 0
    count: int | None = None
    until: datetime | None = None
    struck: int = 0

    def matches(self, method: str, path: str, account_id: str) -> bool:
        return (
            self.method in ("", method)
            and self.account_id in ("", account_id)
            and fnmatchcase(path, self.path)
        )

    def is_spent(self, now: datetime) -> bool:
        return self.count == 0 or (self.until is not None and now >= self.until)

    def document(self) -> Json:
        return {
            "fault_id": self.fault_id,
            "kind": str(self.kind),
            "path": self.path,
            "method": self.method or None,
            "account_id": self.account_id or None,
            "status": self.status,
            "seconds": self.seconds,
            "variant": self.variant,
            "probability": self.probability,
            "after": self.after,
            "count": self.count,
            "until": self.until.isoformat() if self.until else None,
            "struck": self.struck,
        }


@dataclass(slots=True)
class FaultBook:
    rng: random.Random
    faults: dict[str, Fault] = field(default_factory=dict)

    def striking(self, method: str, path: str, account_id: str, now: datetime) -> list[Fault]:
        """The faults that this call suffers, in the order in which they were set up."""
        if not self.faults:
            return []
        live = {key: each for key, each in self.faults.items() if not each.is_spent(now)}
        self.faults = live
        matching = [each for each in live.values() if each.matches(method, path, account_id)]
        return [each for each in matching if self._strikes(each)]

    def _strikes(self, fault: Fault) -> bool:
        if fault.after > 0:
            fault.after -= 1
            return False
        if fault.probability < 1.0 and self.rng.random() >= fault.probability:
            return False
        if fault.count is not None:
            fault.count -= 1
        fault.struck += 1
        return True
