"""Where the page looks: the simulator, the table, the queue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import requests
from boto3.dynamodb.conditions import Key

from calendar_mirror.records import Record
from demonstration.calendar import Calendar
from demonstration.mirror import Mirror, Queue, WriteCounter
from local_stack.stack import Stack


@dataclass(frozen=True, slots=True)
class Stations:
    """
    How far things have come, since the stack was brought up.

    Attributes:
        delivered: notifications that `receive` accepted; ``None`` without the simulator.
        calls: of Cronofy's API; ``None`` without the simulator.
    """

    delivered: int | None
    waiting: int
    in_flight: int
    calls: int | None
    writes: int


@dataclass(slots=True)
class Sight:
    """A running stack, looked at from outside."""

    stack: Stack
    calendar: Calendar
    mirror: Mirror
    queue: Queue
    writes: WriteCounter
    dynamodb: Any

    def has_simulator(self) -> bool:
        """Tell whether calendars can be changed here: another provider has no control API."""
        try:
            self.calendar.call("GET", "health")
        except requests.RequestException:
            return False
        return True

    def accounts(self) -> list[str]:
        """Return the ids of the accounts that are mirrored."""
        table = self.stack.outputs["AccountsTableName"]
        pages = self.dynamodb.get_paginator("scan").paginate(
            TableName=table, ProjectionExpression="account_id, added_at"
        )
        found = [item for page in pages for item in page["Items"]]
        return [
            item["account_id"] for item in sorted(found, key=lambda item: str(item.get("added_at")))
        ]

    def records(self, account_id: str) -> Mapping[str, Record]:
        """Return what the calendars hold now; nothing for an account that the simulator lacks."""
        try:
            return self.calendar.records(account_id)
        except requests.HTTPError:
            return {}

    def items(self, account_id: str) -> Iterator[Mapping[str, Any]]:
        """Return the rows, tombstones too."""
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.mirror.table,
            KeyConditionExpression=Key("pk").eq(account_id),
            ConsistentRead=True,
        )
        for page in pages:
            yield from page["Items"]

    def stations(self, *, simulator: bool) -> Stations:
        """Count what has passed each station."""
        waiting, in_flight = self.queue.depth()
        delivered = calls = None
        if simulator:
            deliveries = self.calendar.call("GET", "deliveries")["deliveries"]
            delivered = sum(each["state"] == "delivered" for each in deliveries)
            calls = int(self.calendar.call("GET", "calls")["total"])
        return Stations(delivered, waiting, in_flight, calls, self.writes.count())


def at(stack: Stack) -> Sight:
    """Look at *stack*."""
    session = boto3.Session(
        aws_access_key_id=stack.aws_access_key_id,
        aws_secret_access_key=stack.aws_secret_access_key,
        region_name=stack.region,
    )

    def client(name: Any) -> Any:
        return session.client(name, endpoint_url=stack.aws_endpoint_url)

    resource = session.resource("dynamodb", endpoint_url=stack.aws_endpoint_url)
    table = resource.Table(stack.outputs["EventsTableName"])
    return Sight(
        stack=stack,
        calendar=Calendar(stack.cronofy_api_url, requests.Session()),
        mirror=Mirror(resource.meta.client, table.name),
        queue=Queue(client("sqs"), stack.outputs["SyncQueueUrl"]),
        writes=WriteCounter(client("dynamodbstreams"), table.latest_stream_arn),
        dynamodb=resource.meta.client,
    )
