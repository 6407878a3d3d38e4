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
        real = self._real(alarm, now)
        breaching = sum(_OPERATORS[alarm.operator](point, alarm.threshold) for point in real)
        missing = alarm.evaluation_periods - len(real)
        if alarm.missing == "missing":
            assert alarm.datapoints_to_alarm == alarm.evaluation_periods, "not modelled"
            return bool(real) and breaching == len(real)
        breaching += {"breaching": missing, "notBreaching": 0}[alarm.missing]
        return breaching >= alarm.datapoints_to_alarm

    def is_without_data(self, alarm, now):
        """Tell whether *alarm* is in its state ``INSUFFICIENT_DATA``."""
        return alarm.missing == "missing" and not self._real(alarm, now)

    def _real(self, alarm, now):
        ends = [now - number * alarm.period for number in range(alarm.evaluation_periods + _SPARE)]
        points = (
            self.statistic(alarm.metric, alarm.statistic, end - alarm.period, end) for end in ends
        )
        return [point for point in points if point is not None][: alarm.evaluation_periods]

    def rung(self, alarms, start, end):
        """
        Return, by the name of each alarm that told somebody in between, when it first did.

        A new alarm has insufficient data, and tells of that state only when it comes from another.
        Source: CloudWatch API reference, PutMetricAlarm, and its InsufficientDataActions
        """
        rung, had_data = {}, set()
        minutes = range(math.ceil(start / _MINUTE_S), int(end // _MINUTE_S) + 1)
        for minute in minutes:
            now = minute * _MINUTE_S
            for alarm in (each for each in alarms if each.name not in rung):
                if not self.is_without_data(alarm, now):
                    had_data.add(alarm.name)
                    is_told = self.is_breached(alarm, now)
                else:
                    is_told = alarm.tells_of_no_data and alarm.name in had_data
                if is_told:
                    rung[alarm.name] = now
        return rung


_OPERATORS = {
    "GreaterThanThreshold": lambda point, threshold: point > threshold,
    "GreaterThanOrEqualToThreshold": lambda point, threshold: point >= threshold,
    "LessThanThreshold": lambda point, threshold: point < threshold,
}
