"""`calmirror erase`, `pause` and `resume`: an account that goes, or rests."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import click

from calendar_mirror import instants, messages
from calendar_mirror.erasures_table import ErasuresTable
from calendar_mirror.messages import Kind
from calmirror import completion, printing, shown, syncing
from calmirror.stacks import Stack
from calmirror.target import confirm, on_target

_LOOK_EVERY_S = 0.3


@click.command()
@click.argument("account_id", shell_complete=completion.account_ids)
@click.option("--pii", is_flag=True, help="Ask Cronofy to erase what it holds of the user as well.")
@click.option("--yes", is_flag=True, help="Do not ask whether that is meant.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=120.0,
    show_default=True,
    help="Seconds to wait for the receipt.",
)
@printing.as_json
@on_target
def erase(
    stack: Stack, account_id: str, pii: bool, yes: bool, timeout: float, as_json: bool
) -> None:
    """
    Erase ACCOUNT_ID: its channel, its grant at Cronofy, its rows and tombstones, its tokens, and
    what waits for it on the queues. Prints the receipt, which stays.

    It takes its turn on the account's queue, so no read that runs meanwhile can bring anything
    back. Ends with 1 where there is no receipt in time; the erasure goes on then.
    """
    receipts = ErasuresTable(stack.dynamodb(), stack.output("ErasuresTableName"))
    is_there = shown.is_there(stack, account_id)
    if not is_there:
        _speak_of_earlier(stack, account_id, receipts.of(account_id))
    if not yes:
        what = "and all its rows" if is_there else "where anything of it is left"
        confirm(stack, f"Erase {account_id} {what}?")
    now = datetime.now(UTC)
    message = messages.request(account_id, Kind.ERASE, now=now, cause="operator", pii_erasure=pii)
    known = {receipt["finished_at"] for receipt in receipts.of(account_id)}
    stack.queue().send(message, unique=uuid4().hex)
    receipt = _receipt(receipts, account_id, now, known, timeout)
    if as_json:
        printing.document(receipt)
    else:
        printing.record(receipt)


@click.command()
@click.argument("account_id", shell_complete=completion.account_ids)
@printing.as_json
@on_target
def pause(stack: Stack, account_id: str, as_json: bool) -> None:
    """
    Read nothing of ACCOUNT_ID until it is resumed. Its channel and its grant stay.

    What changes meanwhile is read when it is resumed.
    """
    shown.item(stack, account_id)
    stack.accounts().pause(account_id)
    printing.outcome(
        {"account_id": account_id, "paused": True},
        f"{account_id} is paused. `calmirror resume` reads what it misses.",
        as_json=as_json,
    )


@click.command()
@click.argument("account_id", shell_complete=completion.account_ids)
@printing.as_json
@on_target
def resume(stack: Stack, account_id: str, as_json: bool) -> None:
    """Read ACCOUNT_ID again, beginning with the whole window."""
    shown.item(stack, account_id)
    now = datetime.now(UTC)
    stack.accounts().resume(account_id, due_at=now)
    # Cronofy may have closed its channel meanwhile.
    for kind in (Kind.CHECK, Kind.FULL):
        syncing.request(stack, account_id, kind, now)
    printing.outcome(
        {"account_id": account_id, "paused": False, "requested": Kind.FULL},
        f"{account_id} is read again; a full read is on the queue.",
        as_json=as_json,
    )


def _speak_of_earlier(stack: Stack, account_id: str, receipts: list[dict[str, Any]]) -> None:
    earlier = f" It was erased at {receipts[-1]['finished_at']}." if receipts else ""
    click.echo(f"There is no account {account_id} in {stack.place}.{earlier}", err=True)


def _receipt(
    receipts: ErasuresTable, account_id: str, asked: datetime, known: set[str], timeout_s: float
) -> Mapping[str, Any]:
    """Return the receipt of this erasure."""
    began = time.monotonic()
    with printing.progress(f"{account_id}: erasing") as status:
        while (elapsed := time.monotonic() - began) < timeout_s:
            for receipt in receipts.of(account_id):
                finished = instants.parse(receipt["finished_at"])
                is_new = receipt["finished_at"] not in known
                if is_new and finished >= asked.replace(microsecond=0):
                    return receipt
            status.update(f"{account_id}: erasing, {elapsed:.0f} s")
            time.sleep(_LOOK_EVERY_S)
    raise click.ClickException(
        f"There is no receipt within {timeout_s:g} s. Either there was nothing to erase, or it is "
        "still running: run the command again."
    )
