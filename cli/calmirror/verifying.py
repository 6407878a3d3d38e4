"""`calmirror verify`: compare an account's rows with Cronofy."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import click
import requests
from boto3.dynamodb.conditions import Key
from rich.console import Console

from calendar_mirror import records
from calendar_mirror.accounts import Account, api_url
from calendar_mirror.client_secrets import ClientSecrets
from calendar_mirror.cronofy import Cronofy
from calendar_mirror.errors import CalendarMirrorError, MalformedEventError
from calendar_mirror.planning import WINDOW_PAST, ReadPlan
from calendar_mirror.records import Record
from calendar_mirror.secrets_manager import SecretsManager
from calendar_mirror.tokens import StoredGrant
from calmirror import comparison, printing
from calmirror.stacks import Stack, on_stack

#: Source: https://docs.cronofy.com/developers/api/events/read-events/
_WINDOW_FUTURE = timedelta(days=201)


@click.command()
@click.argument("account_id")
@printing.as_json
@on_stack
def verify(stack: Stack, account_id: str, as_json: bool) -> None:
    """
    Compare the rows of ACCOUNT_ID with Cronofy. Ends with 1 where they differ.

    Reads the whole window, which costs a call for each page; refreshes the account's token if it
    must, and stores it as the mirror does.
    """
    account = stack.accounts().get(account_id)
    if account is None:
        raise click.ClickException(f"There is no account {account_id}.")
    try:
        found = _records(stack, account)
    except CalendarMirrorError as error:
        raise click.ClickException(f"Cronofy could not be read: {error}") from error
    items = [item for item in _items(stack, account_id) if _in_window(item, datetime.now(UTC))]
    findings = comparison.compare(found, items)
    live = sum(not record.deleted for record in found)
    if as_json:
        rows = [asdict(finding) for finding in findings]
        printing.document({"account_id": account_id, "events": live, "differences": rows})
    else:
        rows = [asdict(finding) | {"fields": ", ".join(finding.fields)} for finding in findings]
        columns = ("difference", "calendar_id", "event_uid", "fields")
        printing.table(rows, columns, empty=f"All {live} events are equal.")
    if findings:
        raise SystemExit(1)


def _records(stack: Stack, account: Account) -> list[Record]:
    cronofy = Cronofy(api_url(account.data_center, stack.cronofy_api_url), requests.Session(), _now)
    secrets_manager = SecretsManager(
        stack.client("secretsmanager"), stack.outputs["ClientSecretsArn"]
    )
    client = ClientSecrets(secrets_manager.read, time.monotonic)
    grant = StoredGrant(
        tokens=account.tokens,
        refresh=lambda token: cronofy.refresh(token, client.of(account.data_center)),
        store=lambda tokens: stack.accounts().store_tokens(account.account_id, tokens),
        now=_now,
    )
    found: list[Record] = []
    with Console(stderr=True).status("reading Cronofy") as status:
        for page in cronofy.pages(ReadPlan(None), grant):
            found += _readable(account.account_id, page.events)
            status.update(f"reading Cronofy: {len(found)} events")
    return found


def _readable(account_id: str, documents: tuple[Any, ...]) -> Iterator[Record]:
    for document in documents:
        try:
            yield records.from_cronofy(account_id, document)
        except MalformedEventError:
            continue


def _items(stack: Stack, account_id: str) -> Iterator[Mapping[str, Any]]:
    pages = (
        stack.dynamodb()
        .get_paginator("query")
        .paginate(
            TableName=stack.outputs["EventsTableName"],
            KeyConditionExpression=Key("pk").eq(account_id),
            ConsistentRead=True,
        )
    )
    for page in pages:
        yield from page["Items"]


def _in_window(item: Mapping[str, Any], now: datetime) -> bool:
    """
    Tell whether a read of the window must return the row's event; a day's margin at either edge,
    where the answer depends on whose day it is.
    """
    start, end = item.get("start_at"), item.get("end_at")
    first = (now - WINDOW_PAST).date() + timedelta(days=1)
    last = (now + _WINDOW_FUTURE).date() - timedelta(days=1)
    ends = date.fromisoformat((end or start or str(first))[:10])
    starts = date.fromisoformat((start or str(first))[:10])
    return ends > first and starts < last


def _now() -> datetime:
    return datetime.now(UTC)
