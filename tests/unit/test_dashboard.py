"""The dashboard: what CloudWatch accepts, as far as can be told offline, and what is emitted."""

import ast
import json
import re
from itertools import combinations
from pathlib import Path

import pytest

from calendar_mirror import reports
from calendar_mirror.measures import ESSENTIAL, Measure
from calmirror import prices
from console.dashboard import STACK, Metric, body, resolved, shown
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
            "ApproximateAgeOfOldestMessage",
            *("ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible"),
        },
    ),
    "AWS/Lambda": (
        "AWS::Serverless::Function",
        "FunctionName",
        {
            *("Errors", "Throttles", "Duration", "IteratorAge", "Invocations"),
            "ConcurrentExecutions",
        },
    ),
    "AWS/DynamoDB": (
        "AWS::DynamoDB::Table",
        "TableName",
        {
            *("ReadThrottleEvents", "WriteThrottleEvents"),
            *("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"),
        },
    ),
    "AWS/ApiGateway": ("AWS::Serverless::HttpApi", "ApiId", {"Count", "4xx", "5xx"}),
}
#: The tables have no metric of their own for an index: it has to be named beside the table.
#: Source: DynamoDB developer guide, "DynamoDB metrics and dimensions"
INDEX = "GlobalSecondaryIndexName"
INDEXES = {
    (table, index["IndexName"])
    for table, each in RESOURCES.items()
    if each["Type"] == "AWS::DynamoDB::Table"
    for index in each["Properties"].get("GlobalSecondaryIndexes", [])
}
(FILTER,) = (each for each in RESOURCES.values() if each["Type"] == "AWS::Logs::MetricFilter")
(COUNTED,) = FILTER["Properties"]["MetricTransformations"]
QUERIES = {
    name: each["Properties"]
    for name, each in RESOURCES.items()
    if each["Type"] == "AWS::Logs::QueryDefinition"
}
STATISTICS = re.compile(r"Average|Sum|Minimum|Maximum|SampleCount|p\d\d(\.\d+)?")
OF_A_GRAPH = {"title", "region", "metrics", "period", "stat", "stacked", "yAxis"}
OF_A_LINE = {"stat", "label", "yAxis", "period", "expression", "id"}


def named():
    """Return every metric that the dashboard or an alarm names."""
    return [*(metric for _, metric, _ in SHOWN), *(alarm.metric for alarm in alarms())]


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
        assert isinstance(metric, Metric)
        assert STATISTICS.fullmatch(how.get("stat") or properties["stat"])


@pytest.mark.parametrize("metric", dict.fromkeys(named()), ids=lambda metric: metric.name)
def test_a_metric_that_is_named_is_told_by_us_or_by_aws(metric):
    if metric == Metric(COUNTED["MetricNamespace"], COUNTED["MetricName"], (("service", STACK),)):
        return
    if metric.namespace == NAMESPACE:
        names = tuple(name for name, _ in metric.dimensions if name != "service")
        assert names in MEASURES[metric.name].dimensions
        assert dict(metric.dimensions)["service"] == STACK
        return
    kind, dimension, known = OF_AWS[metric.namespace]
    dimensions = dict(metric.dimensions)
    about = dimensions.pop(dimension)
    assert metric.name in known
    assert RESOURCES[about]["Type"] == kind
    index = dimensions.pop("GlobalSecondaryIndexName", None)
    assert index is None or (about, index) in INDEXES
    assert dimensions == {}


def test_the_dashboard_has_no_more_lines_than_are_shown_for_nothing():
    assert len(SHOWN) <= prices.FREE_DASHBOARD_METRICS


def test_what_is_essential_is_what_the_dashboard_and_the_alarms_name():
    of_ours = {metric.name for metric in named() if metric.namespace == NAMESPACE}

    assert of_ours - {COUNTED["MetricName"]} == {measure.title for measure in ESSENTIAL}


def test_what_an_index_writes_and_what_is_throttled_of_it_is_shown():
    shown = {
        (metric.name, dict(metric.dimensions)["TableName"], dict(metric.dimensions)[INDEX])
        for _, metric, _ in SHOWN
        if INDEX in dict(metric.dimensions)
    }

    for table, index in INDEXES:
        assert ("WriteThrottleEvents", table, index) in shown
    for index in ("by_start", "by_long_until"):
        assert ("ConsumedWriteCapacityUnits", "EventsTable", index) in shown


def test_the_access_log_has_what_the_metric_filter_looks_for():
    log = RESOURCES["PublicApi"]["Properties"]["AccessLogSettings"]
    line = json.loads(resolved(log["Format"]).replace("$context.status", "429"))

    assert FILTER["Properties"]["LogGroupName"]["Ref"] in json.dumps(log["DestinationArn"])
    field, value = re.fullmatch(
        r'\{ \$\.(\w+) = "(\d+)" \}', FILTER["Properties"]["FilterPattern"]
    ).groups()
    assert line[field] == value
    assert [each["Value"].removeprefix("$.") for each in COUNTED["Dimensions"]] == ["service"]
    assert line["service"] == STACK
    assert "DefaultValue" not in COUNTED  # would be paid for while there is nothing to count


#: Where the log says what is no essential metric: the query, and the field in it.
LOGGED = {
    Measure.NOTIFICATIONS: ("NotificationsQuery", "Notifications"),
    Measure.ACKNOWLEDGEMENT_TIME: ("NotificationsQuery", "AcknowledgementTime"),
    Measure.ASKED_FOR: ("ClockQuery", "accounts"),
    Measure.SILENT: ("ClockQuery", "SilentAccounts"),
    Measure.MESSAGES: ("MessagesQuery", "messages"),
    Measure.LIVE_BACKLOG: ("MessagesQuery", "live_age_s"),
    Measure.BACKGROUND_BACKLOG: ("MessagesQuery", "background_age_s"),
    Measure.MERGED: ("MessagesQuery", "messages"),
    Measure.HEADROOM: ("CallsQuery", "headroom"),
    Measure.FEED_ENTRIES: ("FeedQuery", "entries"),
    Measure.FEED_FAILURES: ("FeedQuery", "failures"),
    Measure.FEED_LAG: ("FeedQuery", "lag_ms"),
    **dict.fromkeys(reports.BY_OUTCOME.values(), ("MessagesQuery", "message")),
    **{
        measure: ("MessagesQuery|CallsQuery|RowsQuery", name)
        for name, measure in reports.COUNTED.items()
    },
}


@pytest.mark.parametrize(
    "measure", [each for each in Measure if each not in ESSENTIAL], ids=lambda each: each.title
)
def test_what_is_no_essential_metric_is_a_field_that_a_saved_query_asks_for(measure):
    names, field = LOGGED[measure]

    assert any(
        re.search(rf"\b{field}\b", QUERIES[name]["QueryString"]) for name in names.split("|")
    )


@pytest.mark.parametrize("name", QUERIES)
def test_a_saved_query_is_about_a_log_of_the_stack_and_named_after_it(name):
    query = QUERIES[name]

    assert query["Name"]["Fn::Sub"].startswith("${AWS::StackName}/")
    assert all(
        RESOURCES[group["Ref"]]["Type"] == "AWS::Logs::LogGroup" for group in query["LogGroupNames"]
    )


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
