"""What `sync` did for one account in one batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from calendar_mirror.messages import Message


class Outcome(StrEnum):
    """
    What became of an account's messages; all but `SPACED`, `PUT_BACK` and part of `UNFINISHED`
    leave the queue.
    """

    READ = "read"
    LOOKED_AT = "looked_at"
    UNFINISHED = "unfinished"
    SPACED = "spaced"
    SETTLED_BEFORE = "settled_before"
    UNKNOWN_ACCOUNT = "unknown_account"
    NEEDS_USER = "needs_user"
    PAUSED = "paused"
    ERASED = "erased"
    DEAD_LETTERED = "dead_lettered"
    PUT_BACK = "put_back"


@dataclass(frozen=True, slots=True)
class Settlement:
    """
    What became of an account's messages.

    Attributes:
        reason: why, where *outcome* alone does not say it.
        left: those that must come again, since there is more to do for them.
        left_for_s: after so many seconds.
    """

    outcome: Outcome
    reason: str = ""
    left: tuple[Message, ...] = ()
    left_for_s: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """
    What was done for one account in one batch.

    Attributes:
        reason: why, where *outcome* alone does not say it; nothing personal.
        counts: of ``messages``, ``calls`` to Cronofy, ``refreshes`` of tokens, ``pages``, events
            ``written``, ``deleted`` (also among the written), ``unchanged``, ``truncated`` and
            ``malformed``, of them ``drift``, what a full read had to put right; ``second_looks``
            and what they found; of channels ``created``, ``closed``, ``missing``, ``stray`` and
            ``refused`` (``channels_…``); and, with `Outcome.ERASED`, of what is gone.
        freshness_s: seconds from the receipt of the earliest message to the last write, with
            `Outcome.READ`.
        headroom: which part of a burst of calls was left then (0 to 1), as far as that is known.
    """

    account_id: str
    outcome: Outcome
    reason: str
    counts: Mapping[str, int]
    freshness_s: float | None
    headroom: float | None = None
