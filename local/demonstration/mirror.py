"""The table's side: what it holds, and how often it is written. Read as anybody could read it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from boto3.dynamodb.conditions import Key


@dataclass(frozen=True, slots=True)
class Mirror:
    """
    The events table.

    Attributes:
        client: boto3's DynamoDB client that takes and gives Python values
            (``resource.meta.client``).
    """

    client: Any
    table: str

    def hashes(self, account_id: str) -> dict[str, str]:
        """Return the content hash of every live row of an account, by sort key."""
        return {
            item["sk"]: item["content_hash"]
            for item in self.items(account_id, ProjectionExpression="sk, content_hash, deleted")
            if not item["deleted"]
        }

    def items(self, account_id: str, **narrowed: str) -> Iterator[Mapping[str, Any]]:
        """Return the rows of an account, tombstones too; *narrowed*: more of Query's parameters."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression=Key("pk").eq(account_id),
            ConsistentRead=True,
            **narrowed,
        )
        for page in pages:
            yield from page["Items"]


@dataclass(slots=True)
class WriteCounter:
    """
    Counts the writes of the events table, by reading its stream: one record for each row that a
    write changed, whoever made it.

    Attributes:
        client: boto3's DynamoDB Streams client.
    """

    client: Any
    stream_arn: str
    _iterators: dict[str, str] = field(default_factory=dict)
    _count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self) -> int:
        """Return how many writes the stream has told of so far. Threads may ask at once."""
        with self._lock:
            self._open_new_shards()
            for shard, iterator in list(self._iterators.items()):
                self._iterators[shard] = self._drain(iterator)
            return self._count

    def _drain(self, iterator: str) -> str:
        while True:
            answer = self.client.get_records(ShardIterator=iterator)
            self._count += len(answer["Records"])
            following = answer.get("NextShardIterator")
            if not following or not answer["Records"]:
                return following or iterator
            iterator = following

    def _open_new_shards(self) -> None:
        stream = self.client.describe_stream(StreamArn=self.stream_arn)["StreamDescription"]
        for shard in stream["Shards"]:
            if shard["ShardId"] not in self._iterators:
                self._iterators[shard["ShardId"]] = self.client.get_shard_iterator(
                    StreamArn=self.stream_arn,
                    ShardId=shard["ShardId"],
                    ShardIteratorType="TRIM_HORIZON",
                )["ShardIterator"]


@dataclass(frozen=True, slots=True)
class Queue:
    """
    The queue between `receive` and `sync`.

    Attributes:
        client: boto3's SQS client.
    """

    client: Any
    url: str

    def is_empty(self) -> bool:
        """Tell whether nothing waits, nothing is delayed and nothing is being worked on."""
        return self.depth() == (0, 0)

    def depth(self) -> tuple[int, int]:
        """Return how many messages wait, delayed ones too, and how many are being worked on."""
        names = ["", "Delayed", "NotVisible"]
        attributes = self.client.get_queue_attributes(
            QueueUrl=self.url,
            AttributeNames=[f"ApproximateNumberOfMessages{name}" for name in names],
        )["Attributes"]
        visible, delayed, in_flight = (
            int(attributes.get(f"ApproximateNumberOfMessages{name}", 0)) for name in names
        )
        return visible + delayed, in_flight
