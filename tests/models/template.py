"""The template, read: what it says of resources, and of alarms."""

from dataclasses import dataclass
from pathlib import Path

from console import dashboard
from console.dashboard import Metric, resolved

ROOT = Path(__file__).parents[2]
TEMPLATE = dashboard.read(ROOT / "template.yaml")
RESOURCES, PARAMETERS = TEMPLATE["Resources"], TEMPLATE["Parameters"]


def of_type(kind):
    return {name: each for name, each in RESOURCES.items() if each["Type"] == kind}


@dataclass(frozen=True)
class Alarm:
    """An alarm on one metric. Attributes have CloudFormation's names."""

    name: str
    metric: Metric
    statistic: str
    operator: str
    threshold: float
    period: int
    evaluation_periods: int
    datapoints_to_alarm: int
    missing: str
    description: str
    tells_of_no_data: bool = False


def alarms(**parameters):
    """Return the alarms of the template, in order, with its defaults but for *parameters*."""
    given = {name: each.get("Default") for name, each in PARAMETERS.items()} | parameters
    return tuple(
        _alarm(name, each["Properties"], given)
        for name, each in of_type("AWS::CloudWatch::Alarm").items()
    )


def _alarm(name, properties, given):
    dimensions = ((each["Name"], resolved(each["Value"])) for each in properties["Dimensions"])
    periods = properties["EvaluationPeriods"]
    return Alarm(
        name=name,
        metric=Metric(properties["Namespace"], properties["MetricName"], tuple(sorted(dimensions))),
        statistic=properties.get("Statistic") or properties["ExtendedStatistic"],
        operator=properties["ComparisonOperator"],
        threshold=float(_number(properties["Threshold"], given)),
        period=properties["Period"],
        evaluation_periods=periods,
        datapoints_to_alarm=properties.get("DatapointsToAlarm", periods),
        missing=properties["TreatMissingData"],
        description=properties["AlarmDescription"],
        tells_of_no_data="InsufficientDataActions" in properties,
    )


def _number(value, given):
    return given[value["Ref"]] if isinstance(value, dict) else value
