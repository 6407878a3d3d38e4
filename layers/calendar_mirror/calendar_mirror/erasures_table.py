"""Receipts of erasures: that it was done, when, and how much; nothing of what was erased."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from calendar_mirror import dynamodb, instants


@dataclass(frozen=True, slots=True)
class ErasuresTable:
    """
    Attributes:
        client: boto3's DynamoDB client that takes and gives Python values.
    """

    client: Any
    name: str

    def keep(
        self,
        account_id: str,
        *,
        asked_for_by: str,
        asked_at: datetime,
        finished_at: datetime,
        counts: Mapping[str, int],
    ) -> None:
        """
        Keep a receipt. Whoever knows the account's id can find it, and nobody can read the id from
        it. Keeping it again (the erasure was stopped and went on) replaces it.
        """
        item = {
            "account": digest(account_id),
            "asked_at": instants.to_precise_text(asked_at),
            "finished_at": instants.to_text(finished_at),
            "asked_for_by": asked_for_by,
            **counts,
        }
        with dynamodb.errors_translated():
            self.client.put_item(TableName=self.name, Item=item)

    def of(self, account_id: str) -> list[dict[str, Any]]:
        """Return the receipts of an account, the oldest first."""
        with dynamodb.errors_translated():
            answer = self.client.query(
                TableName=self.name,
                KeyConditionExpression="account = :account",
                ExpressionAttributeValues={":account": digest(account_id)},
                ConsistentRead=True,
            )
        receipts: list[dict[str, Any]] = answer["Items"]
        return receipts


def digest(account_id: str) -> str:
    """Return what stands for an account in its receipts."""
    return hashlib.sha256(account_id.encode()).hexdigest()
