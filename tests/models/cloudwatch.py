"""
CloudWatch in memory: alarms evaluated as its documentation says.

What the template's alarms do not use is refused loudly. tests/unit/test_cloudwatch_model.py holds
it to the examples of the user guide.
"""

import math

from console.telemetry import Telemetry

#: An alarm looks at more data points than it needs, to have some where one is missing.
#: Source: CloudWatch user guide, "Configuring how alarms treat missing data", whose examples look
#: at five where three are needed.
_SPARE = 2
_MINUTE_S = 60


class CloudWatch(Telemetry):
    """Tells which alarms ring."""

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


_OPERATORS = {
    "GreaterThanThreshold": lambda point, threshold: point > threshold,
    "LessThanThreshold": lambda point, threshold: point < threshold,
}
