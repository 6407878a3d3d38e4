"""`calmirror dlq`: what could not be made sense of."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress

from calendar_mirror import messages
from calendar_mirror.errors import MalformedMessageError
from calmirror import completion, printing
from calmirror.durations import Duration
from calmirror.letters import TEN, DeadLetters, Letter
from calmirror.stacks import Stack, on_stack
from calmirror.target import on_target

#: What nobody can read is shown so far.
_SHOWN_CHARACTERS = 500


@click.group()
def dlq() -> None:
    """Look at the dead-letter queue, and put what is on it back to work."""


@dlq.command("list")
@printing.as_json
@on_stack
def list_(stack: Stack, as_json: bool) -> None:
    """
    List the dead letters. They are hidden from others for a moment, and stay where they are.

    Of one account SQS shows the first ten at a time.
    """
    letters = of(stack)
    found = _shown(letters)
    rows = [_row(letter) for letter in found]
    _speak_of_hidden(letters, found)
    if as_json:
        printing.document(rows)
        return
    printing.table(_aged(rows), rows[0] if rows else (), empty="No dead letter.")


@dlq.command()
@click.argument(
    "account_or_message", metavar="ACCOUNT|MESSAGE_ID", shell_complete=completion.account_ids
)
@printing.as_json
@on_stack
def show(stack: Stack, account_or_message: str, as_json: bool) -> None:
    """
    Show what the dead letters of an account, or one of them, ask for, why they are here, and what
    to do. Ends with 1 where there is none.
    """
    letters = of(stack)
    everything = _shown(letters)
    found = [
        each for each in everything if account_or_message in (each.account_id, each.message_id)
    ]
    _speak_of_hidden(letters, everything)
    if as_json:
        printing.document([_details(letter) for letter in found])
    for letter in () if as_json else found:
        fields = {name: value for name, value in _details(letter).items() if value is not None}
        printing.record(fields)
        click.echo()
    if not found:
        raise click.ClickException(f"No dead letter that SQS shows is of {account_or_message}.")


@dlq.command()
@click.option("--reason", help="Those whose reason has this text in it.")
@click.option(
    "--older-than", type=Duration(), help="Those that arrived so long ago: 90s, 15min, 2h, 3d."
)
@click.option(
    "--account",
    "account_id",
    shell_complete=completion.account_ids,
    help="Those of this account.",
)
@click.option("--all", "everything", is_flag=True, help="All of them.")
@click.option(
    "--per-minute",
    type=click.IntRange(min=1, max=6000),
    default=60,
    show_default=True,
    help="How many to put back in a minute, at most.",
)
@click.option("--dry-run", is_flag=True, help="Say which it would be; move nothing.")
@printing.as_json
@on_target
def redrive(
    stack: Stack,
    reason: str | None,
    older_than: timedelta | None,
    account_id: str | None,
    everything: bool,
    per_minute: int,
    dry_run: bool,
    as_json: bool,
) -> None:
    """
    Put dead letters back onto the sync queue, each into its account's group. A letter leaves the
    dead-letter queue only when it is there.

    Do it once the cause is gone: what still makes no sense comes back here, and is not moved again
    by the same run. Where several conditions are given, a letter must meet them all.
    """
    if everything == any(each is not None for each in (reason, older_than, account_id)):
        raise click.UsageError("say which: --reason, --older-than, --account, or --all of them")
    letters, began = of(stack), datetime.now(UTC)
    latest = began - (older_than or timedelta(0))

    def wanted(letter: Letter) -> bool:
        return (
            letter.arrived <= latest
            and account_id in (None, letter.account_id)
            and (reason or "") in letter.reason
        )

    if dry_run:
        found = _shown(letters)
        moved = [letter for letter in found if wanted(letter)]
        _speak_of_hidden(letters, found)
    else:
        interval_s = 60 / per_minute
        moving = letters.move(
            wanted, stack.output("SyncQueueUrl"), pace=_paced(interval_s), interval_s=interval_s
        )
        moved = list(_followed(moving, letters.about()))
    left = letters.about() - (len(moved) if dry_run else 0)
    if not dry_run and left >= TEN and (full := _full(letters.shown())):
        click.echo(
            f"{', '.join(full)}: ten messages that do not match are left; SQS cannot show any "
            "behind them.",
            err=True,
        )
    if as_json:
        rows = [_row(letter) for letter in moved]
        printing.document({"moved": rows, "dry_run": dry_run, "left": max(0, left)})
        return
    printing.table(
        _by_account(moved), ("account_id", "reason", "letters"), empty="No dead letter matches."
    )
    what = "to be put back; nothing was moved" if dry_run else "put back onto the sync queue"
    stay = f"About {max(0, left)} others stay in the dead-letter queue."
    click.echo(f"{printing.count(len(moved), 'letter')} {what}. {stay}")


def of(stack: Stack) -> DeadLetters:
    """Return the dead letters of *stack*."""
    return DeadLetters(stack.client("sqs"), stack.output("DeadLetterQueueUrl"))


def _shown(letters: DeadLetters) -> list[Letter]:
    with printing.progress("looking through the dead-letter queue"):
        return letters.shown()


def _speak_of_hidden(letters: DeadLetters, found: Sequence[Letter]) -> None:
    """Say, past what programs read, that there are others, and why SQS does not show them."""
    total = letters.about()
    if total <= len(found):
        return
    full = _full(found)
    why = (
        f"SQS shows ten at a time of {', '.join(full)}; `calmirror dlq redrive` gets at the rest."
        if full
        else "Somebody else is looking at the others, or SQS has not counted anew."
    )
    click.echo(f"These are {len(found)} of about {total}. {why}", err=True)


def _full(found: Iterable[Letter]) -> list[str]:
    """Name the accounts of which there may be letters that SQS does not show."""
    counted = Counter(each.account_id for each in found)
    return sorted(name for name, count in counted.items() if count >= TEN)


def _paced(interval_s: float) -> Callable[[], None]:
    """Return what waits until *interval_s* after it was called last."""
    due = time.monotonic()

    def pace() -> None:
        nonlocal due
        time.sleep(max(0.0, due - time.monotonic()))
        due = time.monotonic() + interval_s

    return pace


def _followed(moving: Iterable[Letter], total: int) -> Iterator[Letter]:
    columns = (*Progress.get_default_columns()[:1], BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=printing.console(stderr=True), transient=True) as progress:
        yield from progress.track(moving, total=total, description="moving")


def _row(letter: Letter) -> dict[str, Any]:
    shown = ("arrived", "account_id", "reason", "message_id")
    return {name: value for name, value in asdict(letter).items() if name in shown}


def _aged(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    return [row | {"arrived": printing.age(row["arrived"], now)} for row in rows]


def _by_account(found: Iterable[Letter]) -> list[dict[str, Any]]:
    counted = Counter((letter.account_id, letter.reason) for letter in found)
    return [
        {"account_id": account_id, "reason": reason, "letters": count}
        for (account_id, reason), count in counted.items()
    ]


def _details(letter: Letter) -> dict[str, Any]:
    account_id = letter.account_id
    again = f"`calmirror dlq redrive --account {account_id}` once the cause is gone"
    try:
        message = messages.decode(letter.body)
    except MalformedMessageError as error:
        return {
            **_row(letter),
            "asks_for": None,
            "cannot_be_read": str(error),
            "body": letter.body[:_SHOWN_CHARACTERS],
            "what_to_do": f"`calmirror sync {account_id} --full --wait` makes up for it, whatever "
            f"it asked for. If a newer version wrote it: deploy that, then {again}.",
        }
    return {
        **_row(letter),
        "asks_for": message.kind.value,
        "changes_since": message.changes_since,
        "received_at": message.received_at,
        "asked_for_by": message.cause,
        "what_to_do": f"`calmirror doctor {account_id}` tells whether the account can be read now; "
        f"{again}.",
    }
