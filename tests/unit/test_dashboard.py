"""The dashboard: what CloudWatch accepts, as far as can be told offline, and what is emitted."""

import ast
import re
from itertools import combinations
from pathlib import Path

import pytest

from calendar_mirror.measures import Measure
from tests.models.template import RESOURCES, ROOT, STACK, TEMPLATE, Metric, alarms, dashboard, lines

BODY = dashboard()
WIDGETS = {widget["properties"]["title"]: widget for widget in BODY["widgets"]}
GRAPHS = {title: widget for title, widget in WIDGETS.items() if widget["type"] == "metric"}
SHOWN = [(title, *line) for title, widget in GRAPHS.items() for line in lines(widget)]
NAMESPACE = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"][
    "POWERTOOLS_METRICS_NAMESPACE"
]
MEASURES = {measure.title: measure for measure in Measure}

#: The metrics of AWS that are of use here, by the type of what they are about, and the dimension
#: that names it.
#: Source: the pages on CloudWatch metrics in the guides of SQS, Lambda, DynamoDB and API Gateway
OF_AWS = {
    "AWS/SQS": (
        "AWS::SQS::Queue",
        "QueueName",
        {
            *("ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesDelayed"),
            *("ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible"),
            "NumberOfMessagesSent",
        },
    ),
    "AWS/Lambda": (
        "AWS::Serverless::Function",
        "FunctionName",
        {"Errors", "Throttles", "Duration", "IteratorAge"},
    ),
    "AWS/DynamoDB": (
        "AWS::DynamoDB::Table",
        "TableName",
        {
            *("ReadThrottleEvents", "WriteThrottleEvents"),
            *("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"),
        },
    ),
    "AWS/ApiGateway": ("AWS::Serverless::HttpApi", "ApiId", {"5xx"}),
}
STATISTICS = re.compile(r"Average|Sum|Minimum|Maximum|SampleCount|p\d\d(\.\d+)?")
OF_A_GRAPH = {"title", "region", "metrics", "period", "stat", "stacked", "yAxis"}
OF_A_LINE = {"stat", "label", "yAxis", "period", "expression", "id"}


def named():
    """Return every metric that the dashboard or an alarm names."""
    shown = [metric for _, metric, _ in SHOWN if isinstance(metric, Metric)]
    return [*shown, *(alarm.metric for alarm in alarms())]


def searched():
    """Return what the dashboard searches for: a metric's name and its dimensions."""
    for _, expression, _ in SHOWN:
        if isinstance(expression, str):
            found = re.fullmatch(
                r"SEARCH\('\{(\w+),([\w,]+)\} MetricName=\"(\w+)\" service=\"([\w-]+)\"', "
                r"'Sum', 300\)",
                expression,
            )
            yield found[3], found[1], tuple(found[2].split(",")), found[4]


def test_a_widget_lies_on_the_grid_and_over_no_other():
    """Source: CloudWatch API reference, "Dashboard Body Structure and Syntax": 24 columns."""
    places = []
    for widget in BODY["widgets"]:
        x, y, width, height = (widget[name] for name in ("x", "y", "width", "height"))
        assert x >= 0
        assert x + width <= 24
        assert min(width, height) >= 1
        places.append({(x + dx, y + dy) for dx in range(width) for dy in range(height)})

    assert not any(one & other for one, other in combinations(places, 2))
    assert sum(map(len, places)) == 24 * (1 + max(y for place in places for _, y in place))


def test_the_dashboard_opens_with_health_and_freshness():
    assert list(WIDGETS)[:2] == ["Is anything wrong?", "How old is what readers see?"]


def test_every_title_is_a_question():
    assert [title for title in WIDGETS if not re.fullmatch(r"[A-Z].*\?", title)] == []
    assert len(WIDGETS) == len(BODY["widgets"])


def test_every_alarm_of_the_template_is_on_it():
    (health,) = (widget for widget in BODY["widgets"] if widget["type"] == "alarm")

    assert health["properties"]["alarms"] == [alarm.name for alarm in alarms()]


@pytest.mark.parametrize("title", GRAPHS)
def test_a_graph_has_what_cloudwatch_knows(title):
    properties = GRAPHS[title]["properties"]

    assert set(properties) <= OF_A_GRAPH
    assert properties["region"] == "us-east-1"
    assert properties["period"] % 60 == 0
    for metric, shown in lines(GRAPHS[title]):
        assert set(shown) <= OF_A_LINE
        assert shown.get("period", 60) % 60 == 0
        assert shown.get("yAxis", "left") in ("left", "right")
        if isinstance(metric, Metric):
            assert STATISTICS.fullmatch(shown.get("stat") or properties["stat"])


@pytest.mark.parametrize("metric", dict.fromkeys(named()), ids=lambda metric: metric.name)
def test_a_metric_that_is_named_is_told_by_us_or_by_aws(metric):
    if metric.namespace == NAMESPACE:
        names = tuple(name for name, _ in metric.dimensions if name != "service")
        assert names in MEASURES[metric.name].dimensions
        assert dict(metric.dimensions)["service"] == STACK
        return
    kind, dimension, known = OF_AWS[metric.namespace]
    ((name, about),) = metric.dimensions
    assert name == dimension
    assert metric.name in known
    assert RESOURCES[about]["Type"] == kind


def test_what_is_searched_for_is_told_under_those_dimensions():
    for name, namespace, (service, *dimensions), stack in searched():
        assert (namespace, service, stack) == (NAMESPACE, "service", STACK)
        assert tuple(dimensions) in MEASURES[name].dimensions


def test_every_metric_of_ours_is_on_the_dashboard():
    shown = {metric.name for _, metric, _ in SHOWN if isinstance(metric, Metric)}

    assert shown | {name for name, *_ in searched()} >= set(MEASURES)


def test_every_metric_is_told_by_some_code_and_by_its_name_here_alone():
    used, added = set(), set()
    for file in [*(ROOT / "layers").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Attribute):
                continue
            if isinstance(node.value, ast.Name) and node.value.id == "Measure":
                used.add(node.attr)
            if node.attr in ("add_metric", "single_metric"):
                added.add(Path(file).stem)

    assert used == set(Measure.__members__)
    assert added == {"reporting"}


def test_every_metric_has_a_name_and_a_meaning_of_its_own():
    assert len(MEASURES) == len({measure.meaning for measure in Measure}) == len(Measure)
    assert [name for name in MEASURES if not re.fullmatch(r"([A-Z][a-z]+)+", name)] == []


def test_the_address_of_the_dashboard_is_an_output():
    assert TEMPLATE["Outputs"]["DashboardUrl"]["Value"]["Fn::Sub"].endswith("${Dashboard}")
