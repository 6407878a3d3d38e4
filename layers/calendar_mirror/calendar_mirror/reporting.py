"""
Tell CloudWatch what a function did: a structured line in the log, and metrics. Ids and counts only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from calendar_mirror import reports
from calendar_mirror.measures import Measure
from calendar_mirror.reports import Report


def tell(metrics: Metrics, values: Mapping[Measure, float], chosen: Collection[Measure]) -> None:
    """Add those of *values* that are *chosen* to what `flushed` tells CloudWatch in the end."""
    for measure, value in values.items():
        if measure in chosen:
            metrics.add_metric(measure.title, MetricUnit(measure.unit.value), value)


@contextmanager
def flushed(metrics: Metrics) -> Iterator[None]:
    """Tell CloudWatch at the end of an invocation, where there is something to tell."""
    try:
        yield
    finally:
        if metrics.metric_set:
            metrics.flush_metrics()


@dataclass(frozen=True, slots=True)
class Reporter:
    """
    Attributes:
        metrics: flushed by the door, at the end of the invocation.
        chosen: what CloudWatch is told; the log has everything.
    """

    logger: Logger
    metrics: Metrics
    chosen: Collection[Measure]

    def __call__(self, report: Report) -> None:
        """Log *report*, and count it."""
        about = {
            "account_id": report.account_id,
            "reason": report.reason,
            "freshness_s": report.freshness_s,
            "live_age_s": report.live_age_s,
            "background_age_s": report.background_age_s,
            "headroom": report.headroom,
        }
        self.logger.info(report.outcome.value, extra={**about, **report.counts})
        tell(self.metrics, reports.measured(report), self.chosen)
