"""
The events table: look up what is stored of some events, and write what differs.

Plain batch writes, without conditions, are safe because an account has one writer at a time (its
message group). Throttling, and what DynamoDB leaves undone, come out as `StoreBusyError`; the next
try finds equal what was written meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from calendar_mirror import dynamodb
from calendar_mirror.diffing import Stored
from calendar_mirror.documents import Document
from calendar_mirror.errors import StoreBusyError, StoreRefusedError
from calendar_mirror.records import Item, Key, Record, to_item

#: Source: DynamoDB API reference, BatchGetItem and BatchWriteItem
_KEYS_PER_READ, _ITEMS_PER_WRITE = 100, 25

#: How often the undone part of a batch is sent again before the message goes back to the queue.
_ATTEMPTS = 4

_LOOKED_AT = ("pk", "sk", "content_hash", "deleted", "start_at", "end_at", "layout")

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class EventsTable:
    """
    Attributes:
        client: boto3's DynamoDB client that takes and gives Python values
            (``resource.meta.client``).
    """

    client: Any
    name: str

    def stored(self, keys: Sequence[Key]) -> dict[Key, Stored]:
        """
        Look up *keys*, each given once. Consistent reads: an older answer could make us skip a
        needed write.
        """
        return {key: _stored(item) for key, item in self._found(keys, _LOOKED_AT)}

    def documents(self, keys: Sequence[Key]) -> dict[Key, Document]:
        """Look up what is kept of the events *keys*, each given once. Consistent reads."""
        found = self._found(keys, ("pk", "sk", "event"))
        return {key: item["event"] for key, item in found}

    def rows(self, account_id: str) -> Iterator[tuple[Key, Stored]]:
        """
        Yield all rows of an account, tombstones as well. Consistent reads, for the same reason.
        """
        asked: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": account_id},
            "ProjectionExpression": ", ".join((*_LOOKED_AT, "calendar_id", "event_uid")),
            "ConsistentRead": True,
        }
        while True:
            with dynamodb.errors_translated():
                answer = self.client.query(**asked)
            for item in answer["Items"]:
                yield Key(account_id, item["calendar_id"], item["event_uid"]), _stored(item)
            if "LastEvaluatedKey" not in answer:
                return
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def erase(self, keys: Sequence[Key]) -> None:
        """Remove rows, without a trace of them."""
        requests = [
            {"DeleteRequest": {"Key": {"pk": key.account_id, "sk": key.sort_key}}} for key in keys
        ]
        for chunk in _chunks(requests, _ITEMS_PER_WRITE):
            self._write(chunk)

    def write(self, records: Iterable[Record], *, synced_at: datetime) -> int:
        """
        Write *records*, one for each key, over whatever is there.

        Returns how many DynamoDB would not hold; those are left out, so that they cannot stop the
        others.
        """
        items = [to_item(record, synced_at=synced_at) for record in records]
        return sum(self._write_or_split(chunk) for chunk in _chunks(items, _ITEMS_PER_WRITE))

    def _write_or_split(self, items: Sequence[Item]) -> int:
        try:
            self._write([{"PutRequest": {"Item": item}} for item in items])
        except StoreRefusedError:
            halves = _chunks(items, (len(items) + 1) // 2)
            return 1 if len(items) == 1 else sum(self._write_or_split(half) for half in halves)
        return 0

    def _found(
        self, keys: Sequence[Key], attributes: Sequence[str]
    ) -> Iterator[tuple[Key, dict[str, Any]]]:
        """Yield those of *keys* that are there, with *attributes*: the table's keys among them."""
        by_sort_key = {(key.account_id, key.sort_key): key for key in keys}
        for chunk in _chunks(list(by_sort_key), _KEYS_PER_READ):
            for item in self._read(chunk, attributes):
                yield by_sort_key[item["pk"], item["sk"]], item

    def _read(
        self, keys: Sequence[tuple[str, str]], attributes: Sequence[str]
    ) -> Iterator[dict[str, Any]]:
        asked: dict[str, Any] = {
            self.name: {
                "Keys": [{"pk": pk, "sk": sk} for pk, sk in keys],
                "ConsistentRead": True,
                "ProjectionExpression": ", ".join(attributes),
            }
        }
        for _ in range(_ATTEMPTS):
            with dynamodb.errors_translated():
                answer = self.client.batch_get_item(RequestItems=asked)
            yield from answer["Responses"].get(self.name, [])
            asked = answer.get("UnprocessedKeys") or {}
            if not asked:
                return
        raise StoreBusyError("DynamoDB left keys of a batch unread")

    def _write(self, requests: Sequence[Mapping[str, Any]]) -> None:
        asked: Mapping[str, Any] = {self.name: requests}
        for _ in range(_ATTEMPTS):
            with dynamodb.errors_translated():
                answer = self.client.batch_write_item(RequestItems=asked)
            asked = answer.get("UnprocessedItems") or {}
            if not asked:
                return
        raise StoreBusyError("DynamoDB left items of a batch unwritten")


def _stored(item: Mapping[str, Any]) -> Stored:
    times = item.get("start_at"), item.get("end_at")
    return Stored(item["content_hash"], item["deleted"], *times, int(item.get("layout", 1)))


def _chunks(sequence: Sequence[_T], length: int) -> Iterator[Sequence[_T]]:
    for start in range(0, len(sequence), length):
        yield sequence[start : start + length]
