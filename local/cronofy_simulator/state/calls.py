"""Who called what, and how it was answered."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from cronofy_simulator.wire import Json


@dataclass(slots=True)
class CallLog:
    """`account_id` is empty for calls that no known token came with; status 0: no answer."""

    counts: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    throttled: list[datetime] = field(default_factory=list)
    first_at: datetime | None = None

    def record(self, endpoint: str, account_id: str, status: int, now: datetime) -> None:
        self.counts[endpoint, account_id, status] += 1
        self.first_at = self.first_at or now
        if status == 429:
            self.throttled.append(now)

    def document(self) -> Json:
        endpoints: dict[str, Counter[str]] = {}
        accounts: dict[str, dict[str, Counter[str]]] = {}
        for (endpoint, account_id, status), count in self.counts.items():
            endpoints.setdefault(endpoint, Counter())[str(status)] += count
            of_account = accounts.setdefault(account_id, {})
            of_account.setdefault(endpoint, Counter())[str(status)] += count
        return {
            "total": self.counts.total(),
            "first_at": self.first_at.isoformat() if self.first_at else None,
            "endpoints": endpoints,
            "accounts": accounts,
            "throttled_at": [each.isoformat() for each in self.throttled],
        }
