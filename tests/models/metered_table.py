"""The events table as a user has it, boto3's `Table`, with a count of the read units it takes."""

from dataclasses import dataclass
from math import ceil
from typing import Any

from calendar_mirror import documents
from tests.models.dynamodb import DynamoDB, Table

#: Source: DynamoDB developer guide, "Read and write operations": half a unit for each 4 KB begun,
#: where the answer may lag behind; of a query, all that a page has read, and half a unit at least.
UNIT_BYTES = 4096

INDEXES = {"by_start": ("pk", "start_at"), "by_long_until": ("pk", "long_until")}


@dataclass
class MeteredTable:
    """
    Attributes:
        client: boto3's client that takes and gives Python values, or the model of it.
        units: read so far.
        pages: how many answers to queries there were so far.
    """

    client: Any
    table_name: str = "events"
    units: float = 0.0
    pages: int = 0

    def get_item(self, **asked):
        answer = self.client.get_item(TableName=self.table_name, **asked)
        self._count([answer["Item"]] if "Item" in answer else [])
        return answer

    def query(self, **asked):
        answer = self.client.query(TableName=self.table_name, **asked)
        self._count(answer["Items"])
        self.pages += 1
        return answer

    def put(self, *items):
        for item in items:
            self.client.put_item(TableName=self.table_name, Item=item)

    def _count(self, items):
        size = sum(_size(item) for item in items)
        self.units += max(1, ceil(size / UNIT_BYTES)) / 2


def _size(item):
    return sum(len(name.encode()) + documents.size(value) for name, value in item.items())


def in_memory(page=1000):
    return MeteredTable(DynamoDB({"events": Table(("pk", "sk"), INDEXES)}, page=page))
