"""The application's rate limits, as sliding windows.

Source: docs.cronofy.com, FAQ on rate limits: 50 requests a second, 500 a minute, per application.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cronofy_simulator.settings import Settings

_SECOND, _MINUTE = timedelta(seconds=1), timedelta(seconds=60)


@dataclass(slots=True)
class RateLimiter:
    counted: deque[datetime] = field(default_factory=deque)

    def admits(self, now: datetime, settings: Settings) -> bool:
        """Count one call, and say whether the limits allow it."""
        if not settings.limits_enabled:
            return True
        self._forget_before(now - _MINUTE)
        admitted = self._has_room(now, settings)
        if admitted or settings.throttled_calls_count:
            self.counted.append(now)
        return admitted

    def _has_room(self, now: datetime, settings: Settings) -> bool:
        if len(self.counted) >= settings.calls_per_minute:
            return False
        if len(self.counted) < settings.calls_per_second:
            return True
        return self.counted[-settings.calls_per_second] <= now - _SECOND

    def _forget_before(self, limit: datetime) -> None:
        while self.counted and self.counted[0] <= limit:
            self.counted.popleft()
