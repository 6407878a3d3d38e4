"""`calmirror events`: the rows of an account, by start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import click
from boto3.dynamodb.conditions import Key

from calendar_mirror import instants
from calmirror import printing
from calmirror.stacks import Stack, on_stack

_DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"])


@click.command()
@click.argument("account_id")
@click.option("--from", "first", type=_DAY, help="Events that start at or after it, UTC.")
@click.option("--to", "last", type=_DAY, help="Events that start before it, UTC.")
@click.option("--calendar", "calendar_id", help="Events of this calendar only.")
@printing.as_json
@on_stack
def events(
    stack: Stack,
    account_id: str,
    first: datetime | None,
    last: datetime | None,
    calendar_id: str | None,
    as_json: bool,
) -> None:
    """Show the rows of ACCOUNT_ID in the order of their start."""
    found = [
        item
        for item in _by_start(stack, account_id, _text(first, "0"), _text(last, "9"))
        if calendar_id in (None, item["calendar_id"])
    ]
    if as_json:
        printing.document(found)
        return
    rows = [_row(item) for item in found]
    printing.table(rows, rows[0] if rows else (), empty="No event.")


def _by_start(stack: Stack, account_id: str, first: str, last: str) -> Iterator[Mapping[str, Any]]:
    pages = (
        stack.dynamodb()
        .get_paginator("query")
        .paginate(
            TableName=stack.outputs["EventsTableName"],
            IndexName="by_start",
            KeyConditionExpression=Key("pk").eq(account_id) & Key("start_at").between(first, last),
        )
    )
    for page in pages:
        yield from (item for item in page["Items"] if item["start_at"] != last)


def _text(instant: datetime | None, otherwise: str) -> str:
    return instants.to_text(instant.replace(tzinfo=UTC)) if instant else otherwise


def _row(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "start": item["start_at"][:10] if item["all_day"] else item["start_at"],
        "end": item.get("end_at"),
        "summary": item["event"].get("summary"),
        "calendar_id": item["calendar_id"],
        "event_uid": item["event_uid"],
    }
