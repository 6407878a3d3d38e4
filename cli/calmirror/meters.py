"""What a stack has used lately, as CloudWatch has measured it, made a month."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from calmirror import idle, prices
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
        made_of: the stack's resources, by kind.
        tables: what DynamoDB tells of each; its sizes are some hours old.
        over: how far back is looked; no further than the stack is old.
    """

    stack: Stack
    made_of: Mapping[str, Sequence[resources.Resource]]
    tables: Sequence[Mapping[str, Any]]
    now: datetime
    over: timedelta

    @classmethod
    def of(cls, stack: Stack, *, now: datetime, over: timedelta) -> Meters:
        """Return the meters of *stack*, having looked at what it is made of."""
        made_of, client = resources.by_kind(stack), stack.client("dynamodb")
        tables = [
            client.describe_table(TableName=each.physical_id)["Table"]
            for each in made_of["AWS::DynamoDB::Table"]
        ]
        return cls(stack, made_of, tables, now, over)

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
        stores = [each for table in self.tables for each in _stores(table)]
        for price, metric in (
            (prices.WRITE, "ConsumedWriteCapacityUnits"),
            (prices.READ, "ConsumedReadCapacityUnits"),
        ):
            yield from self._line(price, self._sum("AWS/DynamoDB", [metric], stores))
        groups = self._of("AWS::Logs::LogGroup", "LogGroupName")
        logged = self._sum("AWS/Logs", ["IncomingBytes"], groups)
        yield from self._line(prices.LOGGED, None if logged is None else logged / _GB)
        service = [{"service": self.stack.name}]
        told = self._sum("CalendarMirror", ["FeedEntries"], service)
        yield from self._line(prices.BUS_EVENT, told)

    def standing(self) -> Iterator[Line]:
        """Yield what is paid for whether it is used or not, and what is stored."""
        of_tables = sum(table.get("TableSizeBytes", 0) for table in self.tables)
        of_indexes = sum(
            index.get("IndexSizeBytes", 0) for table in self.tables for index in _indexes(table)
        )
        yield Line(prices.STORED, (of_tables + of_indexes) / _GB, "counted")
        yield Line(prices.BACKED_UP, of_tables / _GB, "counted")
        for kind, price in idle.STANDING.items():
            yield Line(price, len(self.made_of[kind]), "counted")
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
        return [{dimension: each.physical_id} for each in self.made_of[kind]]

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


def _indexes(table: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    indexes: Sequence[Mapping[str, Any]] = table.get("GlobalSecondaryIndexes", ())
    return indexes


def _stores(table: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Yield the dimensions under which a table's capacity is measured, and that of each index."""
    name = {"TableName": table["TableName"]}
    yield name
    yield from (name | {"GlobalSecondaryIndexName": i["IndexName"]} for i in _indexes(table))
