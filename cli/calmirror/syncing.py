"""`calmirror sync`: ask for a read of an account, and wait for it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import click

from calendar_mirror import messages, planning
from calendar_mirror.accounts import State
from calendar_mirror.messages import Kind, Message
from calendar_mirror.planning import CompletedRead
from calmirror import completion, printing, shown
from calmirror.stacks import Stack
from calmirror.target import on_target

_LOOK_EVERY_S = 0.3


@click.command()
@click.argument("account_id", shell_complete=completion.account_ids)
@click.option("--full", is_flag=True, help="Read the whole window, not only what changed.")
@click.option("--wait", is_flag=True, help="Wait until it has been read.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=120.0,
    show_default=True,
    help="Seconds to wait at most.",
)
@printing.as_json
@on_target
def sync(
    stack: Stack, account_id: str, full: bool, wait: bool, timeout: float, as_json: bool
) -> None:
    """
    Ask for a read of ACCOUNT_ID. It takes its turn on the account's queue.

    With --wait, ends with 1 if the account could not be read, or was not in time.
    """
    if shown.item(stack, account_id).get("paused"):
        raise click.ClickException(
            f"{account_id} is paused. `calmirror resume` reads it, and all that it has missed."
        )
    kind = Kind.FULL if full else Kind.DELTA
    message = request(stack, account_id, kind, datetime.now(UTC))
    told: dict[str, Any] = {"account_id": account_id, "requested": kind, "seconds": None}
    said = f"A read of {account_id} is on the queue."
    if wait:
        seconds = _wait(stack, message, timeout)
        told["seconds"] = round(seconds, 3)
        said = f"{account_id} was read; that took {seconds:.1f} s."
    printing.outcome(told, said, as_json=as_json)


def request(stack: Stack, account_id: str, kind: Kind, now: datetime) -> Message:
    """Put a message on the queue for an operator; return it."""
    message = messages.request(account_id, kind, now=now, cause="operator")
    stack.queue().send(message, unique=uuid4().hex)
    return message


def is_settled(message: Message, item: Mapping[str, Any]) -> bool:
    """
    Tell whether the account's last completed read settles *message*, which stands for itself alone.

    Raises:
        click.ClickException: a try since then found that the account's owner must do something.
    """
    read = shown.last_read(item)
    if read is not None:
        # Without the margin that `planning` keeps before it saves a read: where merging is off, the
        # very read that this message asked for starts within it, and we would wait in vain.
        later = CompletedRead(read.started_at + planning.CLOCK_SKEW, read.last_modified)
        if not planning.unsettled([message], later):
            return True
    since = shown.instant(item, "state_since")
    asked = message.received_at.replace(microsecond=0)  # the table keeps whole seconds
    if item["state"] == State.NEEDS_USER and since is not None and since >= asked:
        raise click.ClickException(
            f"{message.account_id} cannot be read: {item.get('state_reason')}."
        )
    return False


def _wait(stack: Stack, message: Message, timeout_s: float) -> float:
    """Return after how many seconds *message* was settled."""
    began = time.monotonic()
    with printing.progress(f"{message.account_id}: waiting") as status:
        while (elapsed := time.monotonic() - began) < timeout_s:
            if is_settled(message, shown.item(stack, message.account_id)):
                return elapsed
            status.update(f"{message.account_id}: waiting, {elapsed:.0f} s")
            time.sleep(_LOOK_EVERY_S)
    raise click.ClickException(
        f"{message.account_id} was not read within {timeout_s:g} s. "
        "Its message goes on waiting; `calmirror status` shows the queue."
    )
