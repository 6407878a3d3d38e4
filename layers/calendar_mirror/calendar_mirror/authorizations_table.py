"""Which authorizations were begun and are finished: each can be finished once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from calendar_mirror import dynamodb
from calendar_mirror.dynamodb import ConditionFailedError


@dataclass(frozen=True, slots=True)
class AuthorizationsTable:
    """
    Attributes:
        client: boto3's DynamoDB client that takes and gives Python values.
    """

    client: Any
    name: str

    def claim(self, state: str, *, expires_at: datetime) -> bool:
        """
        Finish the authorization that *state* stands for; ``False``: it was finished before.

        Args:
            expires_at: when *state* is refused for its age; the item goes some time later.
        """
        try:
            with dynamodb.errors_translated():
                self.client.put_item(
                    TableName=self.name,
                    Item={
                        "state": hashlib.sha256(state.encode()).hexdigest(),
                        "expires_at": int(expires_at.timestamp()) + 3600,
                    },
                    ConditionExpression="attribute_not_exists(#state)",
                    ExpressionAttributeNames={"#state": "state"},
                )
        except ConditionFailedError:
            return False
        return True
