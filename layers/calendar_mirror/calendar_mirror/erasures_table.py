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

    def begin(
        self, account_id: str, *, asked_at: datetime, asked_for_by: str, counts: Mapping[str, int]
    ) -> None:
        """
        Add *counts* to the receipt of the erasure that was asked for at *asked_at*.

        Whoever knows the account's id can find a receipt, and nobody can read the id from it.
        """
        self._update(
            account_id,
            asked_at,
            "SET asked_for_by = :by ADD " + ", ".join(f"{name} :{name}" for name in counts),
            {":by": asked_for_by, **{f":{name}": count for name, count in counts.items()}},
        )

    def finish(
        self,
        account_id: str,
        *,
        asked_at: datetime,
        asked_for_by: str,
        finished_at: datetime,
        counts: Mapping[str, int],
    ) -> None:
        """Finish the receipt, with *counts* in place of those that it may have by these names."""
        assignments = ", ".join(f"{name} = :{name}" for name in counts)
        self._update(
            account_id,
            asked_at,
            f"SET asked_for_by = :by, finished_at = :finished_at, {assignments}",
            {
                ":by": asked_for_by,
                ":finished_at": instants.to_text(finished_at),
                **{f":{name}": count for name, count in counts.items()},
            },
        )

    def of(self, account_id: str) -> list[dict[str, Any]]:
        """Return the receipts of finished erasures of an account, the oldest first."""
        with dynamodb.errors_translated():
            answer = self.client.query(
                TableName=self.name,
                KeyConditionExpression="account = :account",
                ExpressionAttributeValues={":account": digest(account_id)},
                ConsistentRead=True,
            )
        return [receipt for receipt in answer["Items"] if "finished_at" in receipt]

    def _update(
        self, account_id: str, asked_at: datetime, expression: str, values: Mapping[str, object]
    ) -> None:
        with dynamodb.errors_translated():
            self.client.update_item(
                TableName=self.name,
                Key={
                    "account": digest(account_id),
                    "asked_at": instants.to_precise_text(asked_at),
                },
                UpdateExpression=expression,
                ExpressionAttributeValues=values,
            )


def digest(account_id: str) -> str:
    """Return what stands for an account in its receipts."""
    return hashlib.sha256(account_id.encode()).hexdigest()
