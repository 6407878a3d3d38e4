"""The template, read: what it says of resources, and what it says of metrics."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
#: What the names of the template stand for here; any other stands for itself.
STACK, REGION = "a-stack", "us-east-1"
_STANDS_FOR = {"AWS::StackName": STACK, "AWS::Region": REGION}


class Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as {"Ref": …} and {"Fn::…": …}."""


def _short_form(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix == "Ref" else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", _short_form)
TEMPLATE = yaml.load((ROOT / "template.yaml").read_text(), Loader)  # noqa: S506
RESOURCES, PARAMETERS = TEMPLATE["Resources"], TEMPLATE["Parameters"]


def of_type(kind):
    return {name: each for name, each in RESOURCES.items() if each["Type"] == kind}


def resolved(value):
    """Return what a value stands for: the logical id of what it refers to."""
    if not isinstance(value, dict):
        return value
    ((kind, name),) = value.items()
    return _STANDS_FOR.get(name, name.partition(".")[0]) if kind != "Fn::Sub" else _sub(name)


def _sub(text):
    return re.sub(r"\$\{([^}]+)\}", lambda found: resolved({"Ref": found[1]}), text)


@dataclass(frozen=True)
class Metric:
    """
    One metric, as CloudWatch tells them apart.

    Attributes:
        dimensions: sorted pairs of name and value.
    """

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]


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


def alarms():
    """Return the alarms of the template, in order."""
    return tuple(
        _alarm(name, each["Properties"]) for name, each in of_type("AWS::CloudWatch::Alarm").items()
    )


def _alarm(name, properties):
    dimensions = ((each["Name"], resolved(each["Value"])) for each in properties["Dimensions"])
    periods = properties["EvaluationPeriods"]
    return Alarm(
        name=name,
        metric=Metric(properties["Namespace"], properties["MetricName"], tuple(sorted(dimensions))),
        statistic=properties.get("Statistic") or properties["ExtendedStatistic"],
        operator=properties["ComparisonOperator"],
        threshold=float(properties["Threshold"]),
        period=properties["Period"],
        evaluation_periods=periods,
        datapoints_to_alarm=properties.get("DatapointsToAlarm", periods),
        missing=properties["TreatMissingData"],
        description=properties["AlarmDescription"],
    )


def dashboard():
    """Return the dashboard's body."""
    ((_, resource),) = of_type("AWS::CloudWatch::Dashboard").items()
    return json.loads(resolved(resource["Properties"]["DashboardBody"]))


def lines(widget):
    """
    Yield the metrics of a widget with how each is shown, ``.`` written out; an expression comes
    instead of a metric.

    Source: CloudWatch API reference, "Dashboard Body Structure and Syntax"
    """
    before = []
    for entry in widget["properties"]["metrics"]:
        *names, shown = entry if isinstance(entry[-1], dict) else [*entry, {}]
        if not names:
            yield shown["expression"], shown
            continue
        names = [before[at] if each == "." else each for at, each in enumerate(names)]
        before = names
        pairs = zip(names[2::2], names[3::2], strict=True)
        yield Metric(names[0], names[1], tuple(sorted(pairs))), shown
