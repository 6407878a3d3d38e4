"""`calmirror events`: the rows of an account, by start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import click
from boto3.dynamodb.conditions import Key

from calendar_mirror import instants
from calmirror import completion, printing, shown
from calmirror.stacks import Stack, on_stack

_INSTANT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"])
#: Before and after every ``start_at``.
_EARLIEST, _LATEST = "0", ":"


@click.command()
@click.argument("account_id", shell_complete=completion.account_ids)
@click.option("--from", "first", type=_INSTANT, help="Events that start at or after it, UTC.")
@click.option("--to", "last", type=_INSTANT, help="Events that start before it, UTC.")
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
    """
    Show the rows of ACCOUNT_ID in the order of their start. Deleted events, and those without a
    start, are not among them.
    """
    if first and last and first >= last:
        raise click.UsageError("--from is not before --to")
    shown.item(stack, account_id)
    rows = _by_start(stack, account_id, _text(first, _EARLIEST), _text(last, _LATEST))
    found = [item for item in rows if calendar_id in (None, item["calendar_id"])]
    if as_json:
        printing.document(found)
        return
    lines = [_row(item) for item in found]
    printing.table(lines, lines[0] if lines else (), empty="No event.")


def _by_start(stack: Stack, account_id: str, first: str, last: str) -> Iterator[Mapping[str, Any]]:
    pages = stack.dynamodb().get_paginator("query")
    for page in pages.paginate(
        TableName=stack.output("EventsTableName"),
        IndexName="by_start",
        KeyConditionExpression=Key("pk").eq(account_id) & Key("start_at").between(first, last),
    ):
        # A key condition has no "up to, but not".
        yield from (item for item in page["Items"] if item["start_at"] != last)


def _text(instant: datetime | None, otherwise: str) -> str:
    return instants.to_text(instant.replace(tzinfo=UTC)) if instant else otherwise


def _row(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "start": _time(item["start_at"], item["all_day"]),
        "end": _time(item.get("end_at"), item["all_day"]),
        "summary": item["event"].get("summary"),
        "calendar_id": item["calendar_id"],
        "event_uid": item["event_uid"],
    }


def _time(text: str | None, all_day: bool) -> str | None:
    return text[: len("2026-01-31")] if text and all_day else text
