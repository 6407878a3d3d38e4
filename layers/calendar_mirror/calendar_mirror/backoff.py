"""How long a message stays away when Cronofy or DynamoDB cannot serve us now."""

from __future__ import annotations

import random

#: Source: SQS API reference, ChangeMessageVisibility (12 hours)
_LONGEST_S = 12 * 60 * 60


def delay_s(receive_count: int, retry_after_s: float | None, rng: random.Random) -> int:
    """
    Return whole seconds to wait after the *receive_count*-th try (1 for the first).

    What the other side asks for is a lower bound. Else the delay doubles from 2 seconds up to 15
    minutes, and after about a day to an hour, with half of it drawn by chance so that accounts come
    back one by one. Fourteen days of outage are then some 600 receives, well under the queue's
    ``maxReceiveCount`` of 1000.
    """
    ceiling = 900 if receive_count <= 128 else 3600
    backoff = min(2.0 ** min(receive_count, 20), ceiling) * rng.uniform(0.5, 1.0)
    return min(_LONGEST_S, max(1, round(max(backoff, retry_after_s or 0))))
