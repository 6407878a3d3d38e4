"""How long a message stays away when Cronofy or DynamoDB cannot serve us now."""

from __future__ import annotations

import random

#: SQS allows 12 hours from the message's receipt, some of which has passed when it is put back.
#: Source: SQS API reference, ChangeMessageVisibility
_LONGEST_S = 11 * 60 * 60


#: Where calls are short and nothing is broken, there is room again within minutes. What goes on for
#: longer is an outage.
_SHORT_OF_CALLS_S, _SHORT_OF_CALLS_TRIES = 120, 50


def delay_s(
    receive_count: int,
    retry_after_s: float | None,
    rng: random.Random,
    *,
    is_short_of_calls: bool = False,
) -> int:
    """
    Return whole seconds to wait after the *receive_count*-th try (1 for the first).

    What the other side asks for is a lower bound. Else the delay doubles from 2 seconds up to 15
    minutes, and after about a day to an hour, with half of it drawn by chance so that accounts come
    back one by one. Fourteen days of outage are then some 600 receives, well under the queue's
    ``maxReceiveCount`` of 1000.

    Args:
        is_short_of_calls: nothing is broken, only the budget is used up: two minutes are enough.
    """
    ceiling = 900 if receive_count <= 128 else 3600
    if is_short_of_calls and receive_count <= _SHORT_OF_CALLS_TRIES:
        ceiling = _SHORT_OF_CALLS_S
    backoff = min(2.0 ** min(receive_count, 20), ceiling) * rng.uniform(0.5, 1.0)
    return round(min(_LONGEST_S, max(1, backoff, retry_after_s or 0)))
