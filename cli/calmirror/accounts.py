"""`calmirror accounts`: put accounts in place, and look at them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import click

from calendar_mirror import instants
from calendar_mirror.accounts import DATA_CENTERS, Account, Tokens
from calendar_mirror.messages import Kind
from calendar_mirror.notifications import is_account_id
from calmirror import printing, syncing
from calmirror.stacks import Stack, on_stack

#: What may be shown of an account. Tokens are not in it.
_SHOWN = (
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


@click.group()
def accounts() -> None:
    """Put accounts in place, and look at them."""


@accounts.command()
@click.argument("account_id")
@click.option("--refresh-token", required=True, help="`-` reads it from the standard input.")
@click.option("--access-token", help="If you have one; else the first read gets one.")
@click.option("--data-center", type=click.Choice(DATA_CENTERS), default="us", show_default=True)
@click.option("--replace-tokens", is_flag=True, help="For an account that is there already.")
@on_stack
def add(
    stack: Stack,
    account_id: str,
    refresh_token: str,
    access_token: str | None,
    data_center: str,
    replace_tokens: bool,
) -> None:
    """
    Take over ACCOUNT_ID, which your application has connected already.

    Exchanges nothing: stores the tokens, and asks for a first read, which also creates the channel.
    From then on let the mirror refresh the tokens, or your application, not both.
    """
    if not is_account_id(account_id):
        raise click.UsageError(f"{account_id!r} cannot be an account's id")
    tokens = Tokens(_secret(refresh_token), access_token)
    table, now = stack.accounts(), datetime.now(UTC)
    if table.add(Account(account_id, data_center, tokens), added_at=now):
        done = "is in place"
    elif replace_tokens:
        table.store_tokens(account_id, tokens)
        done = "has new tokens"
    else:
        raise click.ClickException(
            f"{account_id} is there already, and was left as it is. "
            "--replace-tokens stores the tokens."
        )
    syncing.request(stack, account_id, Kind.FULL, now)
    click.echo(f"{account_id} {done}; its first read is on the queue.")


@accounts.command("list")
@printing.as_json
@on_stack
def list_(stack: Stack, as_json: bool) -> None:
    """List the accounts."""
    found = sorted(items(stack), key=lambda item: str(item["account_id"]))
    if as_json:
        printing.document([_shown(item) for item in found])
        return
    rows = [_row(item) for item in found]
    printing.table(rows, rows[0] if rows else (), empty="No account is in place.")


@accounts.command()
@click.argument("account_id")
@printing.as_json
@on_stack
def show(stack: Stack, account_id: str, as_json: bool) -> None:
    """Show one account, without its tokens."""
    item = next((each for each in items(stack) if each["account_id"] == account_id), None)
    if item is None:
        raise click.ClickException(f"There is no account {account_id}.")
    if as_json:
        printing.document(_shown(item))
    else:
        printing.record(_shown(item))


def items(stack: Stack) -> Iterator[Mapping[str, Any]]:
    """Return what may be shown of every account."""
    pages = (
        stack.dynamodb()
        .get_paginator("scan")
        .paginate(
            TableName=stack.outputs["AccountsTableName"],
            ProjectionExpression=", ".join(f"#{name}" for name in _SHOWN),
            ExpressionAttributeNames={f"#{name}": name for name in _SHOWN},
        )
    )
    for page in pages:
        yield from page["Items"]


def last_read(item: Mapping[str, Any]) -> datetime | None:
    """Return when the last completed read began."""
    text = item.get("last_read_started_at")
    return instants.parse(text) if text else None


def _shown(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item.get(name) for name in _SHOWN}


def _row(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "account_id": item["account_id"],
        "state": item["state"],
        "reason": item.get("state_reason"),
        "data_center": item["data_center"],
        "last_read": printing.age(last_read(item), datetime.now(UTC)),
    }


def _secret(given: str) -> str:
    if given != "-":
        return given
    text = sys.stdin.read().strip()
    if not text:
        raise click.UsageError("no refresh token came from the standard input")
    return text
