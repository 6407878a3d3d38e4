"""
How many accounts there are, and how many of them somebody should know of.

The index ``by_trouble`` holds those alone, so counting costs nothing for the accounts that are
well. See docs/decisions/0008-counting-accounts.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from calendar_mirror import dynamodb
from calendar_mirror.accounts import Trouble
from calendar_mirror.measures import Measure

#: No more are counted: whoever has as many has been told.
MOST = 20_000

_MEASURES = {
    Trouble.DISCONNECTED: Measure.DISCONNECTED,
    Trouble.UNREAD: Measure.UNREAD,
    Trouble.SILENT: Measure.SILENT,
}


@dataclass(frozen=True, slots=True)
class Census:
    """
    Attributes:
        client: as `AccountsTable` has it.
        name: of the accounts table.
    """

    client: Any
    name: str

    def __call__(self) -> Mapping[Measure, float]:
        """Count, for CloudWatch; nothing while there is no account: each number is paid for."""
        total = self._all()
        found = {measure: self._in(trouble) for trouble, measure in _MEASURES.items()}
        if not total and not any(found.values()):
            return {}
        silent = found[Measure.SILENT]
        # DynamoDB's count is hours old.
        share = round(100 * silent / max(total, silent, 1), 1)
        return {Measure.ACCOUNTS: total, Measure.SILENT_SHARE: share, **found}

    def _all(self) -> int:
        """
        Return how many accounts DynamoDB counted some hours ago, at no cost.

        Source: DynamoDB API reference, TableDescription (ItemCount)
        """
        with dynamodb.errors_translated():
            described = self.client.describe_table(TableName=self.name)
        return int(described["Table"].get("ItemCount", 0))

    def _in(self, trouble: Trouble) -> int:
        query = {
            "TableName": self.name,
            "IndexName": "by_trouble",
            "KeyConditionExpression": "#trouble = :trouble",
            "ExpressionAttributeNames": {"#trouble": "trouble"},
            "ExpressionAttributeValues": {":trouble": trouble.value},
        }
        return sum(1 for _ in dynamodb.queried(self.client, query, MOST))
