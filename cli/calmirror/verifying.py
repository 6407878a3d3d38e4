"""`calmirror verify`: compare an account's rows with Cronofy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click
from boto3.dynamodb.conditions import Key

from calendar_mirror import paging, records
from calendar_mirror.accounts import Account
from calendar_mirror.errors import CalendarMirrorError
from calendar_mirror.planning import ReadPlan
from calendar_mirror.records import Record
from calmirror import at_cronofy, comparison, completion, printing
from calmirror.comparison import Finding
from calmirror.stacks import Stack, on_stack


@click.command()
@click.argument("account_id", shell_complete=completion.account_ids)
@click.option("--show-content", is_flag=True, help="Show what either side says, calendar content.")
@printing.as_json
@on_stack
def verify(stack: Stack, account_id: str, show_content: bool, as_json: bool) -> None:
    """
    Compare the rows of ACCOUNT_ID with Cronofy. Ends with 1 where they differ, or where that could
    not be found out.

    Reads the whole window, which costs a call for each page. Refreshes the account's token if it
    must, and stores it as the mirror does. What changes meanwhile can show as a difference.
    """
    account = stack.accounts().get(account_id)
    if account is None:
        raise click.ClickException(f"There is no account {account_id}.")
    now = datetime.now(UTC)
    try:
        found = _records(stack, account)
    except CalendarMirrorError as error:
        raise click.ClickException(f"Cronofy could not be read: {error}") from error
    findings = comparison.compare(found, _items(stack, account_id), now=now)
    live = len({record.key for record in found if not record.deleted})
    rows = [_row(finding, show_content) for finding in findings]
    if as_json:
        printing.document({"account_id": account_id, "events": live, "differences": rows})
    else:
        _print(rows, live)
    if findings:
        raise SystemExit(1)


def _row(finding: Finding, show_content: bool) -> dict[str, Any]:
    row = asdict(finding)
    hidden = () if show_content else ("cronofy", "table")
    return {name: value for name, value in row.items() if name not in hidden}


def _print(rows: list[dict[str, Any]], live: int) -> None:
    names = ("difference", "calendar_id", "event_uid", "fields", "cronofy", "table")
    columns = [name for name in names if rows and name in rows[0]]
    said = [row | {"fields": ", ".join(row["fields"])} for row in rows]
    for row in said:
        row.update({n: printing.json_text(row[n]) for n in ("cronofy", "table") if row.get(n)})
    printing.table(said, columns, empty=f"All {live} events are equal.")


def _records(stack: Stack, account: Account) -> list[Record]:
    cronofy, grant = at_cronofy.opened(stack, account)
    plan, reader = ReadPlan(None, account.wanted), paging.RECORDS[account.wanted.mode]
    found: list[Record] = []
    unreadable = 0
    with printing.progress("reading Cronofy") as status:
        for page in cronofy.pages(plan, grant):
            entries = records.readable(account.account_id, page.events, reader)
            found += entries.records
            unreadable += entries.malformed
            status.update(f"reading Cronofy: {len(found) + unreadable} events")
    if unreadable:
        click.echo(
            f"{unreadable} of Cronofy's events cannot be read, so their rows may show as surplus.",
            err=True,
        )
    return found


def _items(stack: Stack, account_id: str) -> Iterator[Mapping[str, Any]]:
    pages = stack.dynamodb().get_paginator("query")
    for page in pages.paginate(
        TableName=stack.output("EventsTableName"),
        KeyConditionExpression=Key("pk").eq(account_id),
        ConsistentRead=True,
    ):
        yield from page["Items"]
