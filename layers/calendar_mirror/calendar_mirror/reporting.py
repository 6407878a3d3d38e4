"""
Tell CloudWatch what `sync` did: one structured line and a few metrics for each account. Ids and
counts only.
"""

from __future__ import annotations

from dataclasses import dataclass

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from calendar_mirror.reports import Outcome, Report

_COUNTED = {
    "calls": "CronofyCalls",
    "pages": "Pages",
    "written": "EventsWritten",
    "deleted": "EventsDeleted",
    "unchanged": "EventsUnchanged",
    "truncated": "EventsTruncated",
    "malformed": "EventsMalformed",
    "drift": "Drift",
    "second_looks": "SecondLooks",
    "second_looks_found": "SecondLooksFound",
    "refreshes": "TokenRefreshes",
    "channels_created": "ChannelsCreated",
    "channels_missing": "ChannelsMissing",
    "channels_stray": "ChannelsStray",
}

_OUTCOMES = {
    Outcome.READ: "Reads",
    Outcome.LOOKED_AT: "Looks",
    Outcome.UNFINISHED: "UnfinishedReads",
    Outcome.SPACED: "ReadsSpaced",
    Outcome.SETTLED_BEFORE: "ReadsSaved",
    Outcome.UNKNOWN_ACCOUNT: "UnknownAccounts",
    Outcome.NEEDS_USER: "AccountsNeedingUser",
    Outcome.PAUSED: "PausedMessages",
    Outcome.ERASED: "AccountsErased",
    Outcome.DEAD_LETTERED: "DeadLettered",
    Outcome.PUT_BACK: "PutBacks",
}


@dataclass(frozen=True, slots=True)
class Reporter:
    """
    Attributes:
        metrics: flushed by the door, at the end of the invocation.
    """

    logger: Logger
    metrics: Metrics

    def __call__(self, report: Report) -> None:
        """Log *report*, and count it."""
        about = {
            "account_id": report.account_id,
            "reason": report.reason,
            "freshness_s": report.freshness_s,
        }
        self.logger.info(report.outcome.value, extra={**about, **report.counts})
        self.metrics.add_metric(_OUTCOMES[report.outcome], MetricUnit.Count, 1)
        self.metrics.add_metric("Messages", MetricUnit.Count, report.counts["messages"])
        for count, name in _COUNTED.items():
            if report.counts.get(count):
                self.metrics.add_metric(name, MetricUnit.Count, report.counts[count])
        if report.freshness_s is not None:
            self.metrics.add_metric("Freshness", MetricUnit.Seconds, report.freshness_s)
        if report.headroom is not None:
            percent = round(report.headroom * 100)
            self.metrics.add_metric("BudgetHeadroom", MetricUnit.Percent, percent)
