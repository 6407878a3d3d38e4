"""The dashboard: what CloudWatch accepts, as far as can be told offline, and what is emitted."""

import ast
import re
from itertools import combinations
from pathlib import Path

import pytest

from calendar_mirror.measures import Measure
from console.dashboard import STACK, Metric, Search, body, shown
from tests.models.template import RESOURCES, ROOT, TEMPLATE, alarms

BODY = body(TEMPLATE)
WIDGETS = {widget["properties"]["title"]: widget for widget in BODY["widgets"]}
GRAPHS = {title: widget for title, widget in WIDGETS.items() if widget["type"] == "metric"}
SHOWN = [(title, *line) for title, widget in GRAPHS.items() for line in shown(widget)]
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
    graphed = [metric for _, metric, _ in SHOWN if isinstance(metric, Metric)]
    return [*graphed, *(alarm.metric for alarm in alarms())]


def searched():
    """Return what the dashboard searches for."""
    return [each for _, each, _ in SHOWN if isinstance(each, Search)]


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
    for metric, how in shown(GRAPHS[title]):
        assert set(how) <= OF_A_LINE
        assert how.get("period", 60) % 60 == 0
        assert how.get("yAxis", "left") in ("left", "right")
        if isinstance(metric, Metric):
            assert STATISTICS.fullmatch(how.get("stat") or properties["stat"])


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
    for search in searched():
        assert (search.namespace, search.dimensions[0]) == (NAMESPACE, "service")
        assert search.dimensions[1:] in MEASURES[search.name].dimensions


def test_every_metric_of_ours_is_on_the_dashboard():
    assert {each.name for _, each, _ in SHOWN} >= set(MEASURES)


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
    assert TEMPLATE["Outputs"]["DashboardUrl"]["Value"]["Fn::Sub"][0].endswith("${Dashboard}")
