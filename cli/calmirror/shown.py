"""What may be shown of accounts: tokens are never even read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import click

from calendar_mirror import instants
from calendar_mirror.planning import CompletedRead
from calmirror.stacks import Stack

FIELDS = (
    "account_id",
    "state",
    "state_reason",
    "state_since",
    "data_center",
    "channel_id",
    "last_read_started_at",
    "last_read_last_modified",
    "added_at",
)
_PROJECTION = {
    "ProjectionExpression": ", ".join(f"#{name}" for name in FIELDS),
    "ExpressionAttributeNames": {f"#{name}": name for name in FIELDS},
}


def items(stack: Stack) -> Iterator[Mapping[str, Any]]:
    """Return every account."""
    pages = stack.dynamodb().get_paginator("scan")
    for page in pages.paginate(TableName=stack.output("AccountsTableName"), **_PROJECTION):
        yield from page["Items"]


def item(stack: Stack, account_id: str) -> Mapping[str, Any]:
    """
    Return one account, read consistently.

    Raises:
        click.ClickException: it is not there.
    """
    answer = stack.dynamodb().get_item(
        TableName=stack.output("AccountsTableName"),
        Key={"account_id": account_id},
        ConsistentRead=True,
        **_PROJECTION,
    )
    if "Item" not in answer:
        raise click.ClickException(f"There is no account {account_id}.")
    found: Mapping[str, Any] = answer["Item"]
    return found


def fields(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return all `FIELDS` of an account, those that it lacks as ``None``."""
    return {name: item.get(name) for name in FIELDS}


def last_read(item: Mapping[str, Any]) -> CompletedRead | None:
    """Return the last completed read."""
    started_at = instant(item, "last_read_started_at")
    if started_at is None:
        return None
    return CompletedRead(started_at, instant(item, "last_read_last_modified"))


def instant(item: Mapping[str, Any], name: str) -> datetime | None:
    """Return a field that holds a time."""
    text = item.get(name)
    return instants.parse(text) if text else None
