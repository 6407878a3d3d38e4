"""What a stack has used lately, as CloudWatch has measured it, made a month."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from calmirror import prices
from calmirror.health import measured, resources
from calmirror.prices import Price
from calmirror.stacks import Stack
from calmirror.usage import DAYS, Line

_GB = 1024**3
_MEASURED = "measured"
_QUEUE = (
    *("NumberOfMessagesSent", "NumberOfMessagesReceived", "NumberOfMessagesDeleted"),
    "NumberOfEmptyReceives",
)


@dataclass(frozen=True, slots=True)
class Meters:
    """
    Attributes:
        over: how far back is looked; no further than the stack is old.
    """

    stack: Stack
    now: datetime
    over: timedelta

    def running(self) -> Iterator[Line]:
        """Yield what CloudWatch has numbers of; nothing of the rest."""
        yield from self._line(
            prices.API_REQUEST,
            self._sum("AWS/ApiGateway", ["Count"], self._of("AWS::ApiGatewayV2::Api", "ApiId")),
        )
        names = self._of("AWS::Lambda::Function", "FunctionName")
        yield from self._line(prices.INVOCATION, self._sum("AWS/Lambda", ["Invocations"], names))
        yield from self._computing([each["FunctionName"] for each in names])
        yield from self._line(
            prices.QUEUE_REQUEST, self._sum("AWS/SQS", _QUEUE, [measured.sync_queue(self.stack)])
        )
        tables = [*self._of("AWS::DynamoDB::Table", "TableName")]
        indexes = [
            {"TableName": self.stack.output(table), "GlobalSecondaryIndexName": index}
            for table, index in (("EventsTableName", "by_start"), ("AccountsTableName", "by_due"))
        ]
        for price, metric in (
            (prices.WRITE, "ConsumedWriteCapacityUnits"),
            (prices.READ, "ConsumedReadCapacityUnits"),
        ):
            yield from self._line(price, self._sum("AWS/DynamoDB", [metric], [*tables, *indexes]))
        groups = self._of("AWS::Logs::LogGroup", "LogGroupName")
        logged = self._sum("AWS/Logs", ["IncomingBytes"], groups)
        yield from self._line(prices.LOGGED, None if logged is None else logged / _GB)
        service = [{"service": self.stack.name}]
        told = self._sum("CalendarMirror", ["FeedEntries"], service)
        yield from self._line(prices.BUS_EVENT, told)

    def standing(self) -> Iterator[Line]:
        """Yield what is paid for whether it is used or not, and what is stored."""
        sizes = [
            self._size(each["TableName"]) for each in self._of("AWS::DynamoDB::Table", "TableName")
        ]
        bytes_of_tables = sum(table for table, _ in sizes)
        yield Line(
            prices.STORED, (bytes_of_tables + sum(index for _, index in sizes)) / _GB, "counted"
        )
        yield Line(prices.BACKED_UP, bytes_of_tables / _GB, "counted")
        for price, kind in (
            (prices.SECRET, "AWS::SecretsManager::Secret"),
            (prices.KEY, "AWS::KMS::Key"),
            (prices.ALARM, "AWS::CloudWatch::Alarm"),
            (prices.DASHBOARD, "AWS::CloudWatch::Dashboard"),
        ):
            yield Line(price, len(list(resources.of(self.stack, kind))), "counted")
        if metrics := self._metrics():
            yield Line(prices.METRIC, metrics, "counted")

    def _line(self, price: Price, quantity: float | None) -> Iterator[Line]:
        if quantity is not None:
            days = self.over / timedelta(days=1)
            yield Line(price, quantity / days * DAYS, _MEASURED)

    def _sum(
        self, namespace: str, metrics: Iterable[str], dimensions: Iterable[dict[str, str]]
    ) -> float | None:
        found = [
            measured.total(self.stack, namespace, metric, each, over=self.over, now=self.now)
            for each in dimensions
            for metric in metrics
        ]
        known = [value for value in found if value is not None]
        return sum(known) if known else None

    def _of(self, kind: str, dimension: str) -> list[dict[str, str]]:
        return [{dimension: each.physical_id} for each in resources.of(self.stack, kind)]

    def _computing(self, names: Iterable[str]) -> Iterator[Line]:
        seconds: dict[str, float] = {}
        client = self.stack.client("lambda")
        for name in names:
            ran = self._sum("AWS/Lambda", ["Duration"], [{"FunctionName": name}])
            if ran is not None:
                has = client.get_function_configuration(FunctionName=name)
                architecture = has.get("Architectures", ["x86_64"])[0]
                used = ran / 1000 * has["MemorySize"] / 1024
                seconds[architecture] = seconds.get(architecture, 0.0) + used
        for architecture, used in seconds.items():
            yield from self._line(prices.GB_SECOND[architecture], used)

    def _size(self, name: str) -> tuple[int, int]:
        """Return the bytes of a table and of its indexes, as counted within the last hours."""
        table: Any = self.stack.client("dynamodb").describe_table(TableName=name)["Table"]
        indexes = table.get("GlobalSecondaryIndexes", [])
        return table.get("TableSizeBytes", 0), sum(i.get("IndexSizeBytes", 0) for i in indexes)

    def _metrics(self) -> int:
        """Count the metrics that the stack itself makes."""
        pages = (
            self.stack.client("cloudwatch")
            .get_paginator("list_metrics")
            .paginate(
                Namespace="CalendarMirror",
                Dimensions=[{"Name": "service", "Value": self.stack.name}],
            )
        )
        return sum(len(page["Metrics"]) for page in pages)
