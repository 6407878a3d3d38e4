"""`calmirror cost`: what a stack costs a month, measured where it can be."""

from datetime import UTC, datetime, timedelta

import pytest
from moto.cloudwatch.models import MetricDatumBase


@pytest.fixture(autouse=True)
def an_index_is_not_its_table(monkeypatch):
    """CloudWatch keeps series of different dimensions apart; moto gives those with more as well."""
    matches = MetricDatumBase.filter

    def exactly(self, namespace, name, dimensions, **others):
        is_listing = namespace is not None
        is_it = is_listing or len(dimensions) == len(self.dimensions)
        return is_it and matches(self, namespace, name, dimensions, **others)

    monkeypatch.setattr(MetricDatumBase, "filter", exactly)


def lines(told):
    return {(each["service"], each["of"]): each for each in told["lines"]}


def measure(stack, namespace, metric, value, **dimensions):
    stack.client("cloudwatch").put_metric_data(
        Namespace=namespace,
        MetricData=[
            {
                "MetricName": metric,
                "Dimensions": [{"Name": n, "Value": v} for n, v in dimensions.items()],
                "Timestamp": datetime.now(UTC) - timedelta(minutes=20),
                "Value": value,
            }
        ],
    )


def test_what_was_not_measured_is_assumed_and_said_to_be(stack, account):
    told = stack.told("cost")

    assert told["accounts"] == 1
    requests = lines(told)["API Gateway", "requests (HTTP API)"]
    assert requests["a_month"] == pytest.approx(20 * 30.44, rel=0.01)
    assert "20 notifications for each account and day" in requests["basis"]
    assert told["total"] == pytest.approx(sum(each["usd"] for each in told["lines"]), abs=0.01)


def test_what_was_measured_is_made_a_month_and_no_longer_assumed(stack):
    table = stack.outputs["EventsTableName"]
    measure(stack, "AWS/DynamoDB", "ConsumedWriteCapacityUnits", 600, TableName=table)

    written = lines(stack.told("cost"))["DynamoDB", "write request units"]

    assert written["basis"] == "measured"
    # The stack is younger than what was looked at: an hour counts at the least.
    assert written["a_month"] == pytest.approx(600 * 24 * 30.44, rel=0.01)
    assert written["usd"] == pytest.approx(600 * 24 * 30.44 * 0.625e-6, rel=0.01)


@pytest.mark.parametrize(
    ("table", "index"),
    [
        ("EventsTableName", "by_start"),
        ("EventsTableName", "by_long_until"),
        ("AccountsTableName", "by_due"),
        ("AccountsTableName", "by_trouble"),
    ],
)
def test_what_an_index_took_is_in_it(stack, table, index):
    measure(
        stack,
        "AWS/DynamoDB",
        "ConsumedWriteCapacityUnits",
        150,
        TableName=stack.outputs[table],
        GlobalSecondaryIndexName=index,
    )

    written = lines(stack.told("cost"))["DynamoDB", "write request units"]

    assert written["a_month"] == pytest.approx(150 * 24 * 30.44, rel=0.01)


def test_so_many_accounts_are_assumed_even_where_something_was_measured(stack):
    table = stack.outputs["EventsTableName"]
    measure(stack, "AWS/DynamoDB", "ConsumedWriteCapacityUnits", 600, TableName=table)

    told = stack.told("cost", "--accounts", "1000", "--notifications", "50", "--events", "100")

    assert told["accounts"] == 1000
    assert "50 notifications" in lines(told)["DynamoDB", "write request units"]["basis"]
    assert "100 events" in lines(told)["DynamoDB", "GB stored"]["basis"]


def test_people_are_told_the_sum_the_prices_date_and_what_is_not_in_it(stack, account):
    result = stack.run("cost")

    assert result.exit_code == 0
    assert " USD a month, " in result.stdout
    assert "List prices of us-east-1 of 2026" in result.stdout
    assert "Not counted: data that leaves AWS" in result.stdout
    assert "A local stack costs nothing" in result.stdout
