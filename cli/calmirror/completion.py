"""Account ids for the shell's completion: from the stack, within a moment, or none."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import click
from botocore.exceptions import BotoCoreError, ClientError

from calmirror import stacks

#: Nobody waits longer for a suggestion.
_SECONDS = 4.0
_MOST = 100
#: No such stack, no credentials, no network, no right to look: there is nothing to suggest.
_NOTHING_TO_SUGGEST = (click.ClickException, ClientError, BotoCoreError, OSError, ValueError)


def account_ids(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Return the accounts whose ids begin with *incomplete*, as far as they are found in time."""
    found: list[str] = []  # grows page by page: what was found in time counts
    name, region, profile = (_given(context, option) for option in ("stack", "region", "profile"))

    def look() -> None:
        try:
            stack = stacks.find(name, region, profile, Path.cwd())
            found.extend(islice(_beginning_with(incomplete, stack), _MOST))
        except _NOTHING_TO_SUGGEST:
            return

    # A daemon: the command ends in time, whatever a call still waits for.
    search = threading.Thread(target=look, daemon=True)
    search.start()
    search.join(_SECONDS)
    return sorted(found)


def _given(context: click.Context | None, option: str) -> str | None:
    """Return what was typed for *option*; what stands behind the command's name wins."""
    while context is not None:
        value: str | None = context.params.get(option)
        if value:
            return value
        context = context.parent
    return None


def _beginning_with(incomplete: str, stack: stacks.Stack) -> Iterator[str]:
    condition = {
        "FilterExpression": "begins_with(account_id, :incomplete)",
        "ExpressionAttributeValues": {":incomplete": incomplete},
    }
    pages = stack.dynamodb().get_paginator("scan")
    for page in pages.paginate(
        TableName=stack.output("AccountsTableName"),
        ProjectionExpression="account_id",
        **(condition if incomplete else {}),
    ):
        for item in page["Items"]:
            yield item["account_id"]
