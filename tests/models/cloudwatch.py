"""
CloudWatch in memory: metrics as they are told, and alarms evaluated as its documentation says.

What the template's alarms do not use is refused loudly. tests/unit/test_cloudwatch_model.py holds
it to the examples of the user guide.
"""

import json
import math
from bisect import bisect_left, insort
from collections import defaultdict
from dataclasses import dataclass, field

from tests.models.template import Metric

#: An alarm looks at more data points than it needs, to have some where one is missing.
#: Source: CloudWatch user guide, "Configuring how alarms treat missing data", whose examples look
#: at five where three are needed.
_SPARE = 2
_MINUTE_S = 60


@dataclass
class CloudWatch:
    """
    Attributes:
        told: by metric, (seconds since the epoch, value), in order of time.
    """

    told: dict = field(default_factory=lambda: defaultdict(list))

    def put(self, metric, at, value):
        insort(self.told[metric], (at, float(value)))

    def take(self, line, at):
        """
        Take a line of the embedded metric format, told at *at* by the test's clock.

        Source: CloudWatch user guide, "Specification: Embedded metric format"
        """
        found = json.loads(line)
        for directive in found["_aws"]["CloudWatchMetrics"]:
            for names in directive["Dimensions"]:
                dimensions = tuple(sorted((name, found[name]) for name in names))
                for each in directive["Metrics"]:
                    metric = Metric(directive["Namespace"], each["Name"], dimensions)
                    values = found[each["Name"]]
                    for value in values if isinstance(values, list) else [values]:
                        self.put(metric, at, value)

    def statistic(self, metric, statistic, start, end):
        """Return a data point, from *start* on and before *end*; ``None``: nothing was told."""
        told = self.told.get(metric, [])
        values = [
            value for _, value in told[bisect_left(told, (start,)) : bisect_left(told, (end,))]
        ]
        return _STATISTICS[statistic](values) if values else None

    def is_breached(self, alarm, now):
        """
        Tell whether *alarm* is in its state ``ALARM``.

        The latest real data points are held against the threshold; where there are fewer than are
        needed, missing ones are counted as the alarm says.
        """
        ends = [now - number * alarm.period for number in range(alarm.evaluation_periods + _SPARE)]
        points = (
            self.statistic(alarm.metric, alarm.statistic, end - alarm.period, end) for end in ends
        )
        real = [point for point in points if point is not None][: alarm.evaluation_periods]
        breaching = sum(_OPERATORS[alarm.operator](point, alarm.threshold) for point in real)
        missing = alarm.evaluation_periods - len(real)
        breaching += {"breaching": missing, "notBreaching": 0}[alarm.missing]
        return breaching >= alarm.datapoints_to_alarm

    def rung(self, alarms, start, end):
        """Return, by the name of each alarm that rang in between, when it first did."""
        rung = {}
        minutes = range(math.ceil(start / _MINUTE_S), int(end // _MINUTE_S) + 1)
        for minute in minutes:
            for alarm in alarms:
                if alarm.name not in rung and self.is_breached(alarm, minute * _MINUTE_S):
                    rung[alarm.name] = minute * _MINUTE_S
        return rung


def _percentile(part):
    """Return the value that *part* of all do not exceed."""
    return lambda values: sorted(values)[max(0, math.ceil(len(values) * part) - 1)]


_STATISTICS = {
    "Average": lambda values: sum(values) / len(values),
    "Sum": sum,
    "Minimum": min,
    "Maximum": max,
    "SampleCount": len,
    "p50": _percentile(0.5),
    "p95": _percentile(0.95),
    "p99": _percentile(0.99),
}

_OPERATORS = {
    "GreaterThanThreshold": lambda point, threshold: point > threshold,
    "LessThanThreshold": lambda point, threshold: point < threshold,
}
