"""Metrics as functions tell them, line by line, and what CloudWatch makes of them."""

from __future__ import annotations

import json
import math
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from console.dashboard import Metric


@dataclass
class Telemetry:
    """
    Attributes:
        told: by metric, (seconds since the epoch, value), in order of time.
    """

    told: dict[Metric, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))

    def put(self, metric: Metric, at: float, value: float) -> None:
        """Take one value."""
        insort(self.told[metric], (at, float(value)))

    def take(self, line: str) -> None:
        """
        Take a line of the embedded metric format.

        Source: CloudWatch user guide, "Specification: Embedded metric format"
        """
        found = json.loads(line)
        at = found["_aws"]["Timestamp"] / 1000
        for directive in found["_aws"]["CloudWatchMetrics"]:
            for names in directive["Dimensions"]:
                dimensions = tuple(sorted((name, found[name]) for name in names))
                for each in directive["Metrics"]:
                    metric = Metric(directive["Namespace"], each["Name"], dimensions)
                    values = found[each["Name"]]
                    for value in values if isinstance(values, list) else [values]:
                        self.put(metric, at, value)

    def statistic(self, metric: Metric, statistic: str, start: float, end: float) -> float | None:
        """Return a data point, from *start* on and before *end*; ``None``: nothing was told."""
        told = self.told.get(metric, [])
        first, behind = bisect_left(told, (start,)), bisect_left(told, (end,))
        values = [value for _, value in told[first:behind]]
        return STATISTICS[statistic](values) if values else None


def _percentile(part: float) -> Callable[[Sequence[float]], float]:
    """Return what gives the value that *part* of all do not exceed."""
    return lambda values: sorted(values)[max(0, math.ceil(len(values) * part) - 1)]


STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "Average": lambda values: sum(values) / len(values),
    "Sum": sum,
    "Minimum": min,
    "Maximum": max,
    "SampleCount": len,
    "p50": _percentile(0.5),
    "p95": _percentile(0.95),
    "p99": _percentile(0.99),
}
