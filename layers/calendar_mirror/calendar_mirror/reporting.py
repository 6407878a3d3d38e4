"""
Tell CloudWatch what a function did: a structured line in the log, and metrics. Ids and counts only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from calendar_mirror import reports
from calendar_mirror.measures import Measure
from calendar_mirror.reports import Report


def tell(metrics: Metrics, values: Mapping[Measure, float]) -> None:
    """Add *values* to what the door flushes at the end of the invocation."""
    for measure, value in values.items():
        metrics.add_metric(measure.title, MetricUnit(measure.unit.value), value)


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
        tell(self.metrics, reports.measured(report))
