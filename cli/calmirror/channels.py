"""`calmirror channels`: the ways in which Cronofy tells us of changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import click
from rich.progress import Progress

from calendar_mirror import channel_keeping
from calendar_mirror.accounts import Account, Channel, State
from calendar_mirror.errors import CalendarMirrorError
from calendar_mirror.messages import Kind
from calmirror import at_cronofy, completion, printing, shown, syncing
from calmirror.stacks import Stack, on_stack
from calmirror.target import announce


class Standing(StrEnum):
    """What a channel is to us: the account's own; ours, but not wanted; somebody else's."""

    KEPT = "kept"
    STRAY = "stray"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Finding:
    """
    What is wrong with an account's channels.

    Attributes:
        finding: ``missing``, ``other_calendars``, ``stray`` or ``unreachable``.
    """

    account_id: str
    finding: str
    detail: str


@click.group()
def channels() -> None:
    """Look at the channels through which Cronofy notifies the mirror."""


@channels.command("list")
@click.argument("account_id", shell_complete=completion.account_ids)
@printing.as_json
@on_stack
def list_(stack: Stack, account_id: str, as_json: bool) -> None:
    """
    List the open channels of ACCOUNT_ID, as Cronofy knows them.

    kept: through which the mirror is notified; stray: the mirror's as well, but not wanted, so it
    is closed at the next check; foreign: of other parts of your application.
    """
    account = _account(stack, account_id)
    rows = [
        {
            "channel_id": channel.channel_id,
            "standing": _standing(stack, account, channel),
            "calendars": list(channel.calendars) if as_json else ", ".join(channel.calendars),
            "callback_url": channel.url,
        }
        for channel in _at_cronofy(stack, account)
    ]
    if as_json:
        printing.document(rows)
        return
    printing.table(rows, rows[0] if rows else (), empty="Cronofy has no open channel for it.")


@channels.command()
@click.argument(
    "account_ids",
    metavar="[ACCOUNT_ID]...",
    nargs=-1,
    shell_complete=completion.account_ids,
)
@click.option(
    "--repair", is_flag=True, help="Ask for a repair of each account in which something is wrong."
)
@printing.as_json
@on_stack
def check(stack: Stack, account_ids: tuple[str, ...], repair: bool, as_json: bool) -> None:
    """
    Hold Cronofy's channels against the accounts named, or against all. Ends with 1 where something
    is wrong.

    Takes a call for each account, within the budget that the stack shares. Changes nothing without
    --repair; then the worker creates what is missing, closes what is stray, and reads everything
    where notifications may have been lost.
    """
    if repair:
        announce(stack)
    wanted = account_ids or tuple(sorted(str(i["account_id"]) for i in shown.items(stack)))
    findings = [found for account_id in _progress(wanted) for found in checked(stack, account_id)]
    repaired = sorted({each.account_id for each in findings}) if repair else []
    for account_id in repaired:
        syncing.request(stack, account_id, Kind.CHECK, datetime.now(UTC))
    rows = [
        {"account_id": each.account_id, "finding": each.finding, "detail": each.detail}
        for each in findings
    ]
    if as_json:
        told = {"checked": len(wanted), "findings": rows, "repair_asked": repair}
        printing.document({**told, "repairs_requested": repaired})
    else:
        healthy = f"The channels of {printing.count(len(wanted), 'account')} are in order."
        printing.table(rows, rows[0] if rows else (), empty=healthy)
    if repaired and not as_json:
        click.echo(f"\n{_requested(repaired)}")
    if findings:
        raise SystemExit(1)


def _requested(account_ids: Sequence[str]) -> str:
    return (
        f"Requested a repair of {', '.join(account_ids)}: `sync` opens the missing channels, "
        "closes the stray ones, and reads the whole window where a notification may be lost. "
        "`calmirror channels check` shows when it is done."
    )


def checked(stack: Stack, account_id: str) -> Iterator[Finding]:
    """Hold the channels that Cronofy has against an account: a call, or two."""
    try:
        account = _account(stack, account_id)
        if account.state is State.ERASING:
            return
        found = _at_cronofy(stack, account)
    except CalendarMirrorError as error:
        yield Finding(account_id, "unreachable", str(error))
        return
    kept = [each for each in found if _standing(stack, account, each) is Standing.KEPT]
    if not kept and account.channel_refused_at is None:
        yield Finding(account_id, "missing", "no notification reaches the mirror")
    if kept and kept[0].calendars != account.calendars:
        yield Finding(account_id, "other_calendars", "its channel is limited to other calendars")
    for channel in found:
        if _standing(stack, account, channel) is Standing.STRAY:
            yield Finding(account_id, "stray", channel.channel_id)


def _standing(stack: Stack, account: Account, channel: Channel) -> Standing:
    if account.channel and channel.channel_id == account.channel.channel_id:
        return Standing.KEPT
    ours = channel_keeping.is_ours(channel, stack.public_url)
    return Standing.STRAY if ours else Standing.FOREIGN


def _at_cronofy(stack: Stack, account: Account) -> tuple[Channel, ...]:
    cronofy, grant = at_cronofy.opened(stack, account)
    return cronofy.channels(grant)


def _account(stack: Stack, account_id: str) -> Account:
    account = stack.accounts().get(account_id)
    if account is None:
        raise click.ClickException(f"There is no account {account_id}.")
    return account


def _progress(account_ids: Iterable[str]) -> Iterator[str]:
    wanted = tuple(account_ids)
    with Progress(console=printing.console(stderr=True), transient=True) as progress:
        yield from progress.track(wanted, description="asking Cronofy")
