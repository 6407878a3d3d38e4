"""What may be shown of accounts: tokens are never even read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import click

from calendar_mirror import instants, scopes
from calendar_mirror.accounts import State
from calendar_mirror.planning import CompletedRead
from calmirror.stacks import Stack

FIELDS = (
    *("account_id", "user_refs", "state", "state_reason", "state_since", "paused"),
    *("data_center", "scope", "calendars", "profiles"),
    *("channel_id", "channel_url", "channel_calendars", "channel_refused_at"),
    *("last_read_started_at", "last_read_last_modified", "last_full_read_at", "drift", "full_read"),
    *("second_look_since", "due_at"),
    *("added_at", "connected_at"),
)
_EXPLANATIONS = {
    "invalid_grant": "The user has ended the grant, or it was replaced and lost: `calmirror "
    "connect-link` connects the account anew.",
    "forbidden": "The grant does not allow to read events: let the user connect anew, and look at "
    "the parameter CronofyScope.",
    "unauthorized": "Cronofy refuses tokens that it has just given: ask Cronofy.",
    "unknown_calendar": "It is limited to a calendar that Cronofy does not know: `calmirror "
    "accounts set` names others.",
}
_NEVER_ACCEPTED = (
    "Cronofy's data center {data_center!r} has never accepted this refresh token. It may be "
    "another data center's: erase the account and add it with that one. Or the token was used "
    "elsewhere."
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


def without_tokens(stack: Stack) -> list[str]:
    """Return the ids of accounts that have no refresh token, which is not read."""
    pages = stack.dynamodb().get_paginator("scan")
    found = pages.paginate(
        TableName=stack.output("AccountsTableName"),
        FilterExpression="attribute_not_exists(refresh_token)",
        ProjectionExpression="account_id",
    )
    return sorted(str(item["account_id"]) for page in found for item in page["Items"])


def is_there(stack: Stack, account_id: str) -> bool:
    """Tell whether the account is in place."""
    try:
        item(stack, account_id)
    except click.ClickException:
        return False
    return True


def fields(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return all `FIELDS` of an account, those that it lacks as ``None``, and how it is read."""
    found = {name: item.get(name) for name in FIELDS}
    found["user_refs"] = sorted(item.get("user_refs") or ())
    found["calendars"] = sorted(item.get("calendars") or ())
    found["paused"] = item.get("paused") is True
    found["mode"] = scopes.mode_of(item.get("scope")).value
    return found


def condition(item: Mapping[str, Any]) -> str:
    """Say in one word how an account is."""
    if item["state"] != State.CONNECTED:
        return str(item["state"])
    if item.get("paused"):
        return "paused"
    return "disconnected" if disconnected(item) else str(item["state"])


def disconnected(item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the profiles that only the user can connect again."""
    return [profile for profile in item.get("profiles") or () if not profile["connected"]]


def explanation(item: Mapping[str, Any]) -> str | None:
    """Say what the reason of an account's state means, and what to do; ``None``: there is none."""
    was_read = bool(item.get("last_read_started_at"))
    return meaning(item.get("state_reason"), item["data_center"], was_read=was_read)


def meaning(reason: str | None, data_center: str, *, was_read: bool) -> str | None:
    """As `explanation`, of the reason itself."""
    if reason == "invalid_grant" and not was_read:
        return _NEVER_ACCEPTED.format(data_center=data_center)
    return _EXPLANATIONS.get(str(reason))


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
