"""
The accounts table: grants, and how far each account has been read.

Every update asks that the account is still there: an account that was erased meanwhile must not
    come back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from calendar_mirror import dynamodb, instants
from calendar_mirror.accounts import Account, State, Tokens
from calendar_mirror.dynamodb import ConditionFailedError
from calendar_mirror.errors import AccountGoneError
from calendar_mirror.planning import CompletedRead


@dataclass(frozen=True, slots=True)
class AccountsTable:
    """
    Attributes:
        client: boto3's DynamoDB client that takes and gives Python values
            (``resource.meta.client``).
    """

    client: Any
    name: str

    def get(self, account_id: str) -> Account | None:
        """Read an account, consistently; ``None``: it is not ours."""
        with dynamodb.errors_translated():
            answer = self.client.get_item(
                TableName=self.name, Key={"account_id": account_id}, ConsistentRead=True
            )
        return _from_item(answer["Item"]) if "Item" in answer else None

    def add(self, account: Account, *, added_at: datetime) -> bool:
        """Put a new account in place; ``False``: it is there already, and was left as it is."""
        item = _to_item(account) | {"added_at": instants.to_text(added_at)}
        try:
            with dynamodb.errors_translated():
                self.client.put_item(
                    TableName=self.name,
                    Item=item,
                    ConditionExpression="attribute_not_exists(account_id)",
                )
        except ConditionFailedError:
            return False
        return True

    def store_tokens(self, account_id: str, tokens: Tokens) -> None:
        """Replace both tokens."""
        self._set(account_id, _tokens_to_item(tokens))

    def remember_channel(self, account_id: str, channel_id: str) -> None:
        """Keep which channel notifies us of the account."""
        self._set(account_id, {"channel_id": channel_id})

    def remember_read(self, account_id: str, read: CompletedRead) -> None:
        """
        Move the cursor: only after the last page of *read* was written. The account is well again.
        """
        last_modified = read.last_modified and instants.to_precise_text(read.last_modified)
        self._set(
            account_id,
            {
                "last_read_started_at": instants.to_precise_text(read.started_at),
                "last_read_last_modified": last_modified,
                "state": State.CONNECTED.value,
                "state_reason": None,
            },
        )

    def mark_needs_user(self, account_id: str, reason: str, *, since: datetime) -> None:
        """Keep that the account's owner has to do something, and what for."""
        self._set(
            account_id,
            {
                "state": State.NEEDS_USER.value,
                "state_reason": reason,
                "state_since": instants.to_text(since),
            },
        )

    def _set(self, account_id: str, values: Mapping[str, object]) -> None:
        assignments = ", ".join(f"#{name} = :{name}" for name in values)
        try:
            with dynamodb.errors_translated():
                self.client.update_item(
                    TableName=self.name,
                    Key={"account_id": account_id},
                    UpdateExpression=f"SET {assignments}",
                    ConditionExpression="attribute_exists(account_id)",
                    ExpressionAttributeNames={f"#{name}": name for name in values},
                    ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
                )
        except ConditionFailedError as error:
            raise AccountGoneError("the account was erased meanwhile") from error


def _to_item(account: Account) -> dict[str, object]:
    return _tokens_to_item(account.tokens) | {
        "account_id": account.account_id,
        "data_center": account.data_center,
        "state": account.state.value,
    }


def _tokens_to_item(tokens: Tokens) -> dict[str, object]:
    expires_at = tokens.access_expires_at
    return {
        "refresh_token": tokens.refresh,
        "access_token": tokens.access,
        "access_token_expires_at": expires_at and instants.to_text(expires_at),
    }


def _from_item(item: Mapping[str, Any]) -> Account:
    return Account(
        account_id=item["account_id"],
        data_center=item["data_center"],
        tokens=Tokens(
            refresh=item["refresh_token"],
            access=item.get("access_token"),
            access_expires_at=_instant(item.get("access_token_expires_at")),
        ),
        state=State(item["state"]),
        state_reason=item.get("state_reason"),
        channel_id=item.get("channel_id"),
        last_read=_last_read(item),
    )


def _last_read(item: Mapping[str, Any]) -> CompletedRead | None:
    started_at = _instant(item.get("last_read_started_at"))
    if started_at is None:
        return None
    return CompletedRead(started_at, _instant(item.get("last_read_last_modified")))


def _instant(text: str | None) -> datetime | None:
    return None if text is None else instants.parse(text)
