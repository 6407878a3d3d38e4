"""The model of CloudWatch, held to the examples of its user guide."""

import json
from dataclasses import replace

import pytest

from calendar_mirror import emf
from calendar_mirror.measures import Measure
from console.dashboard import Metric
from tests.models.cloudwatch import CloudWatch
from tests.models.cronofy import Clock
from tests.models.template import Alarm

METRIC = Metric("N", "M", (("service", "s"),))


def alarm(needed, *, missing, operator="GreaterThanThreshold", statistic="Maximum", threshold=5):
    return Alarm("A", METRIC, statistic, operator, threshold, 60, 3, needed, missing, "")


def seen(points, *, period=60, now=6000):
    """Return a CloudWatch that was told *points*, the latest at the end: ``0 - X``, X breaches."""
    cloudwatch = CloudWatch()
    for number, point in enumerate(reversed(points.split())):
        if point != "-":
            cloudwatch.put(METRIC, now - number * period - period / 2, {"0": 0, "X": 9}[point])
    return cloudwatch


def test_an_alarm_that_leaves_missing_data_out_has_insufficient_data_where_all_is_missing():
    """Source: the same tables, the column "missing", for three of three."""
    found = {}
    for points in ("0 - X - X", "0 - - - -", "- - - - -", "0 X X - X", "- - X - -"):
        cloudwatch, about = seen(points), alarm(3, missing="missing")
        found[points] = (
            "INSUFFICIENT_DATA"
            if cloudwatch.is_without_data(about, 6000)
            else "ALARM"
            if cloudwatch.is_breached(about, 6000)
            else "OK"
        )

    assert list(found.values()) == ["OK", "OK", "INSUFFICIENT_DATA", "ALARM", "ALARM"]


def test_an_alarm_tells_of_missing_data_once_it_had_some_and_not_when_it_is_new():
    quiet = replace(alarm(3, missing="missing"), tells_of_no_data=True)
    cloudwatch = CloudWatch()
    assert cloudwatch.rung([quiet], 0, 6000) == {}

    cloudwatch.put(METRIC, 1200, 0)

    rung = cloudwatch.rung([quiet], 0, 6000)
    assert set(rung) == {"A"}
    assert rung["A"] > 1200
    assert cloudwatch.rung([replace(quiet, tells_of_no_data=False)], 0, 6000) == {}


#: Source: CloudWatch user guide, "Configuring how alarms treat missing data", the two tables; of
#: their columns, those that the template's alarms use.
TABLES = [
    (3, "0 - X - X", False, False),
    (3, "0 - - - -", False, False),
    (3, "- - - - -", True, False),
    (3, "0 X X - X", True, True),
    (3, "- - X - -", True, False),
    (2, "0 - X - X", True, True),
    (2, "0 0 X 0 X", True, True),
    (2, "0 - X - -", True, False),
    (2, "- - - - 0", True, False),
    (2, "- - - X -", True, False),
]


@pytest.mark.parametrize(("needed", "points", "breaching", "not_breaching"), TABLES)
def test_missing_data_counts_as_in_the_user_guide(needed, points, breaching, not_breaching):
    cloudwatch = seen(points)

    assert cloudwatch.is_breached(alarm(needed, missing="breaching"), 6000) is breaching
    assert cloudwatch.is_breached(alarm(needed, missing="notBreaching"), 6000) is not_breaching


def test_an_alarm_is_over_once_the_latest_points_are_well():
    cloudwatch = seen("X X X 0 0 0", now=6000)

    assert cloudwatch.is_breached(alarm(3, missing="notBreaching"), 6000 - 180)
    assert not cloudwatch.is_breached(alarm(3, missing="notBreaching"), 6000)


def test_an_alarm_below_a_threshold_rings_below_it():
    below = alarm(3, missing="notBreaching", operator="LessThanThreshold")

    assert seen("0 0 0").is_breached(below, 6000)
    assert not seen("X X X").is_breached(below, 6000)


def test_a_statistic_is_about_its_period_alone():
    cloudwatch = CloudWatch()
    for at, value in [(0, 1), (59.9, 3), (60, 100)]:
        cloudwatch.put(METRIC, at, value)

    found = {
        name: cloudwatch.statistic(METRIC, name, 0, 60)
        for name in ("Average", "Sum", "Minimum", "Maximum", "SampleCount", "p50", "p99")
    }
    assert list(found.values()) == [2, 4, 1, 3, 2, 1, 3]
    assert cloudwatch.statistic(METRIC, "Sum", 120, 180) is None


def test_a_line_is_taken_once_for_each_set_of_dimensions():
    cloudwatch = CloudWatch()
    line = emf.line(
        {Measure.NOTIFICATIONS: 1, Measure.ACKNOWLEDGEMENT_TIME: 2.5},
        chosen=set(Measure),
        service="s",
        dimensions={"type": "change", "outcome": "queued"},
        properties={},
        namespace="N",
        now=Clock()(),
    )
    several = {**json.loads(line), "AcknowledgementTime": [3.5, 4.5]}
    at = Clock()().timestamp()

    cloudwatch.take(line)
    cloudwatch.take(json.dumps(several))

    assert cloudwatch.told == {
        Metric("N", "Notifications", (("service", "s"), ("type", "change"))): [(at, 1)] * 2,
        Metric("N", "Notifications", (("outcome", "queued"), ("service", "s"))): [
            *((at, 1), (at, 1)),
        ],
        Metric("N", "AcknowledgementTime", (("service", "s"),)): [
            *((at, 2.5), (at, 3.5), (at, 4.5)),
        ],
    }
