"""`calmirror sync`: ask for a read of an account, and wait for it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import click
from rich.console import Console

from calendar_mirror import planning
from calendar_mirror.accounts import State
from calendar_mirror.messages import Kind, Message
from calmirror.stacks import Stack, on_stack

_LOOK_EVERY_S = 0.3


@click.command()
@click.argument("account_id")
@click.option("--full", is_flag=True, help="Read the whole window, not only what changed.")
@click.option("--wait", is_flag=True, help="Wait until it has been read.")
@click.option("--timeout", default=120.0, show_default=True, help="Seconds to wait at most.")
@on_stack
def sync(stack: Stack, account_id: str, full: bool, wait: bool, timeout: float) -> None:
    """Ask for a read of ACCOUNT_ID. It takes its turn on the account's queue."""
    if stack.accounts().get(account_id) is None:
        raise click.ClickException(f"There is no account {account_id}.")
    message = request(stack, account_id, Kind.FULL if full else Kind.DELTA, datetime.now(UTC))
    if not wait:
        click.echo(f"A read of {account_id} is on the queue.")
        return
    seconds = _wait(stack, message, timeout)
    click.echo(f"{account_id} was read; that took {seconds:.1f} s.")


def request(stack: Stack, account_id: str, kind: Kind, now: datetime) -> Message:
    """Put a message on the queue for an operator; return it."""
    since = now.replace(microsecond=0) if kind is Kind.DELTA else None
    message = Message(account_id, kind, since, now, now, "operator")
    stack.queue().send(message, unique=uuid4().hex)
    return message


def _wait(stack: Stack, message: Message, timeout_s: float) -> float:
    began, accounts = time.monotonic(), stack.accounts()
    with Console(stderr=True).status(f"{message.account_id}: waiting") as status:
        while (elapsed := time.monotonic() - began) < timeout_s:
            account = accounts.get(message.account_id)
            if account is None:
                raise click.ClickException(f"{message.account_id} was erased meanwhile.")
            read = account.last_read
            # Our own clock wrote the message, so the margin for skew that `sync` keeps is not
            # needed.
            if read and not planning.unsettled([message], _later(read)):
                return elapsed
            if account.state is State.NEEDS_USER:
                raise click.ClickException(
                    f"{message.account_id} cannot be read: {account.state_reason}."
                )
            status.update(f"{message.account_id}: waiting, {elapsed:.0f} s")
            time.sleep(_LOOK_EVERY_S)
    raise click.ClickException(
        f"{message.account_id} was not read within {timeout_s:.0f} s. "
        "Its message goes on waiting; `calmirror status` shows the queue."
    )


def _later(read: planning.CompletedRead) -> planning.CompletedRead:
    margin: timedelta = planning.CLOCK_SKEW
    return planning.CompletedRead(read.started_at + margin, read.last_modified)
