"""A running stack, looked at from outside: the simulator, the tables, the queue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import requests
from boto3.dynamodb.conditions import Key

from demonstration.calendar import Calendar
from demonstration.measuring import Watch
from demonstration.mirror import Mirror, Queue, WriteCounter
from local_stack.stack import Stack


@dataclass(frozen=True, slots=True)
class Sight:
    """
    Attributes:
        dynamodb: boto3's client that takes and gives Python values (``resource.meta.client``).
    """

    stack: Stack
    calendar: Calendar
    mirror: Mirror
    queue: Queue
    writes: WriteCounter
    dynamodb: Any

    def watch(self, account_id: str) -> Watch:
        """Look at one account."""
        return Watch(account_id, self.calendar, self.mirror, self.writes, self.queue)

    def items(self, account_id: str) -> Iterator[Mapping[str, Any]]:
        """Return the rows of an account, tombstones too."""
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.mirror.table,
            KeyConditionExpression=Key("pk").eq(account_id),
            ConsistentRead=True,
        )
        for page in pages:
            yield from page["Items"]


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
