"""What `sync` did for one account in one batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from calendar_mirror.measures import Measure
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
        freshness_s: seconds from the receipt of the earliest notified change to the last write of
            the read that settled it; ``None``: there is none.
    """

    outcome: Outcome
    reason: str = ""
    left: tuple[Message, ...] = ()
    left_for_s: int = 0
    freshness_s: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """
    What was done for one account in one batch.

    Attributes:
        reason: why, where *outcome* alone does not say it; nothing personal.
        counts: of ``messages``, ``calls`` to Cronofy, ``refreshes`` of tokens, ``pages``, events
            ``written``, ``deleted`` and ``renewed``, whose layout alone is new (both also among the
            written), ``unchanged``, ``truncated`` and ``malformed``, of them ``drift``, what a full
            read had to put right; ``second_looks`` and what they found; ``full_reads``, and the
            rows that ``entered`` the window by them as time passed; of calls, those ``answered``,
            ``refused``, ``throttled``, ``failed`` and ``unanswered``; ``refreshes_failed``; whether
            messages went back since the store was busy (``store_busy``), or live ones since no call
            was left (``out_of_calls``); of
            channels ``created``, ``closed``, ``missing``, ``stray`` and ``refused``
            (``channels_…``); and, with `Outcome.ERASED`, of what is gone.
        freshness_s: as with `Settlement`.
        live_age_s, background_age_s: how old the earliest message was, for which somebody waits or
            nobody does, when it was taken up; ``None``: there was none, or it could not be read.
        headroom: which part of a burst of calls was left then (0 to 1), as far as that is known.
    """

    account_id: str
    outcome: Outcome
    reason: str
    counts: Mapping[str, int]
    freshness_s: float | None = None
    live_age_s: float | None = None
    background_age_s: float | None = None
    headroom: float | None = None


#: Counts of a report that are metrics as they are.
COUNTED = {
    "calls": Measure.CALLS,
    "answered": Measure.CALLS_ANSWERED,
    "refused": Measure.CALLS_REFUSED,
    "throttled": Measure.CALLS_THROTTLED,
    "failed": Measure.CALLS_FAILED,
    "unanswered": Measure.CALLS_UNANSWERED,
    "pages": Measure.PAGES,
    "full_reads": Measure.FULL_READS,
    "written": Measure.WRITTEN,
    "deleted": Measure.DELETED,
    "unchanged": Measure.UNCHANGED,
    "truncated": Measure.TRUNCATED,
    "malformed": Measure.MALFORMED,
    "entered": Measure.ENTERED,
    "store_busy": Measure.STORE_BUSY,
    "out_of_calls": Measure.OUT_OF_CALLS,
    "second_looks": Measure.SECOND_LOOKS,
    "second_looks_found": Measure.SECOND_LOOKS_FOUND,
    "refreshes": Measure.REFRESHES,
    "channels_created": Measure.CHANNELS_CREATED,
    "channels_missing": Measure.CHANNELS_MISSING,
    "channels_stray": Measure.CHANNELS_STRAY,
}

#: Outcomes that are metrics as they are; the log line has them as its message.
BY_OUTCOME = {
    Outcome.READ: Measure.READS,
    Outcome.LOOKED_AT: Measure.LOOKS,
    Outcome.UNFINISHED: Measure.UNFINISHED,
    Outcome.SPACED: Measure.SPACED,
    Outcome.SETTLED_BEFORE: Measure.READS_SAVED,
    Outcome.UNKNOWN_ACCOUNT: Measure.UNKNOWN,
    Outcome.NEEDS_USER: Measure.NEEDING_USER,
    Outcome.PAUSED: Measure.PAUSED,
    Outcome.ERASED: Measure.ERASED,
    Outcome.PUT_BACK: Measure.PUT_BACKS,
}


def measured(report: Report) -> Mapping[Measure, float]:
    """Return what CloudWatch is told of *report*. What there was none of is left out."""
    outcome, counts = report.outcome, report.counts
    messages, calls = counts["messages"], counts.get("calls", 0)
    in_vain = sum(counts.get(name, 0) for name in ("throttled", "failed", "unanswered"))
    merged = {Outcome.READ: messages - 1, Outcome.SETTLED_BEFORE: messages}.get(outcome)
    headroom = report.headroom
    values = {
        Measure.MESSAGES: messages,
        Measure.MERGED: merged or None,
        Measure.FRESHNESS: report.freshness_s,
        Measure.LIVE_BACKLOG: report.live_age_s,
        Measure.BACKGROUND_BACKLOG: report.background_age_s,
        Measure.CALLS_IN_VAIN: round(100 * in_vain / calls) if calls else None,
        Measure.REFRESHES_FAILED: _with(counts, "refreshes", "refreshes_failed"),
        Measure.DRIFT: _with(counts, "full_reads", "drift"),
        Measure.HEADROOM: None if headroom is None else round(headroom * 100),
        **{measure: counts.get(name) or None for name, measure in COUNTED.items()},
    }
    if outcome is Outcome.DEAD_LETTERED:
        values[Measure.DEAD_LETTERS] = messages
    else:
        values[BY_OUTCOME[outcome]] = 1
    return {measure: value for measure, value in values.items() if value is not None}


def _with(counts: Mapping[str, int], told_with: str, name: str) -> int | None:
    """Return a count where there was any of *told_with*: then none of it says something as well."""
    return counts.get(name, 0) if counts.get(told_with) else None
