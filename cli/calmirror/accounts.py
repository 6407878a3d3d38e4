"""`calmirror accounts`: put accounts in place, and look at them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click

from calendar_mirror.accounts import DATA_CENTERS, Account, Tokens
from calendar_mirror.errors import CalendarMirrorError
from calendar_mirror.messages import Kind
from calendar_mirror.notifications import is_account_id
from calmirror import asking, at_cronofy, completion, printing, shown, syncing
from calmirror.importing import import_
from calmirror.stacks import Stack, on_stack
from calmirror.target import on_target


@click.group()
def accounts() -> None:
    """Put accounts in place, and look at them."""


accounts.add_command(import_, "import")


@accounts.command()
@click.argument("account_id", shell_complete=completion.account_ids)
@click.option(
    "--refresh-token", required=True, help="`-` asks for it, or reads it from the standard input."
)
@click.option("--access-token", help="If you have one; else the first read gets one.")
@click.option("--data-center", type=click.Choice(DATA_CENTERS), help="[default: the stack's]")
@click.option(
    "--calendar", "calendars", multiple=True, help="Mirror this calendar alone; may be repeated."
)
@click.option("--user-ref", help="How your application calls the user.")
@click.option("--replace-tokens", is_flag=True, help="For an account that is there already.")
@printing.as_json
@on_target
def add(
    stack: Stack,
    account_id: str,
    refresh_token: str,
    access_token: str | None,
    data_center: str | None,
    calendars: tuple[str, ...],
    user_ref: str | None,
    replace_tokens: bool,
    as_json: bool,
) -> None:
    """
    Take over ACCOUNT_ID, which your application has connected already.

    Exchanges nothing: stores the tokens, and asks for a full read, which also creates the channel.
    From then on let the mirror refresh the tokens, or your application, not both.
    """
    if not is_account_id(account_id):
        raise click.UsageError(f"{account_id!r} cannot be an account's id")
    tokens, now = (
        Tokens(asking.secret(refresh_token, "refresh token"), access_token),
        datetime.now(UTC),
    )
    account = Account(
        account_id,
        data_center or stack.data_center,
        tokens,
        user_refs=(user_ref,) if user_ref else (),
        calendars=tuple(sorted(set(calendars))),
    )
    at_cronofy.clients(stack).of(account.data_center)
    added = stack.accounts().add(account, added_at=now)
    if not added:
        _replace(stack, account_id, tokens, data_center, allowed=replace_tokens)
    syncing.request(stack, account_id, Kind.FULL, now)
    done = "added" if added else "tokens_replaced"
    said = "is in place" if added else "has new tokens"
    printing.outcome(
        {"account_id": account_id, "outcome": done, "requested": Kind.FULL},
        f"{account_id} {said}; a full read is on the queue.",
        as_json=as_json,
    )


@accounts.command("set")
@click.argument("account_id", shell_complete=completion.account_ids)
@click.option(
    "--calendar", "calendars", multiple=True, help="Mirror this calendar alone; may be repeated."
)
@click.option("--all-calendars", is_flag=True, help="Mirror all calendars of the account.")
@printing.as_json
@on_target
def set_(
    stack: Stack, account_id: str, calendars: tuple[str, ...], all_calendars: bool, as_json: bool
) -> None:
    """
    Say which calendars of ACCOUNT_ID are mirrored.

    What is new is read; rows of calendars that are dropped become tombstones.
    """
    if bool(calendars) == all_calendars:
        raise click.UsageError("name calendars with --calendar, or give --all-calendars")
    account = stack.accounts().get(account_id)
    if account is None:
        raise click.ClickException(f"There is no account {account_id}.")
    wanted = tuple(sorted(set(calendars)))
    _check_calendars(stack, account, wanted)
    stack.accounts().limit_to(account_id, wanted)
    syncing.request(stack, account_id, Kind.FULL, datetime.now(UTC))
    printing.outcome(
        {"account_id": account_id, "calendars": wanted, "requested": Kind.FULL},
        f"{account_id}: {len(wanted) or 'all'} calendars are to be mirrored; a full read is on the "
        "queue.",
        as_json=as_json,
    )


@accounts.command("list")
@printing.as_json
@on_stack
def list_(stack: Stack, as_json: bool) -> None:
    """List the accounts."""
    found = sorted(shown.items(stack), key=lambda item: str(item["account_id"]))
    if as_json:
        printing.document([shown.fields(item) for item in found])
        return
    rows = [_row(item) for item in found]
    printing.table(rows, rows[0] if rows else (), empty="No account is in place.")


@accounts.command()
@click.argument("account_id", shell_complete=completion.account_ids)
@printing.as_json
@on_stack
def show(stack: Stack, account_id: str, as_json: bool) -> None:
    """Show one account, without its tokens."""
    item = shown.item(stack, account_id)
    fields = shown.fields(item)
    if as_json:
        printing.document(fields)
    else:
        printing.record(_for_people(item, fields))


def _for_people(item: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Write lists into lines, say what a state means, and leave out what is empty."""
    said = {name: value for name, value in fields.items() if name != "profiles" and value}
    for name in ("user_refs", "calendars", "channel_calendars"):
        if said.get(name):
            said[name] = ", ".join(said[name])
    said.setdefault("calendars", "all")
    if fields["full_read"]:
        under_way = fields["full_read"]
        said["full_read"] = f"since {under_way['started_at']}, {len(under_way['left'])} parts left"
    explanation = shown.explanation(item)
    if explanation:
        said["what_to_do"] = explanation
    for number, profile in enumerate(fields["profiles"] or (), start=1):
        said[f"profile_{number}"] = _profile(profile)
    return said


def _profile(profile: Mapping[str, Any]) -> str:
    name = f"{profile['provider']} {profile['name'] or profile['profile_id']}"
    if not profile["connected"]:
        return f"{name}: not connected; its user connects it again at {profile['relink_url']}"
    return f"{name}: connected" + ("" if profile["synced"] else ", not read by Cronofy yet")


def _check_calendars(stack: Stack, account: Account, wanted: tuple[str, ...]) -> None:
    """Refuse calendars that the account does not have, as far as Cronofy tells."""
    if not wanted:
        return
    cronofy, grant = at_cronofy.opened(stack, account)
    try:
        known = cronofy.user_info(grant).calendars
    except CalendarMirrorError as error:
        click.echo(f"The calendars could not be checked: {error}", err=True)
        return
    unknown = sorted(set(wanted) - set(known))
    if known and unknown:
        raise click.UsageError(
            f"{account.account_id} has no calendar {', '.join(unknown)}. It has: {', '.join(known)}"
        )


def _replace(
    stack: Stack, account_id: str, tokens: Tokens, data_center: str | None, *, allowed: bool
) -> None:
    if not allowed:
        raise click.ClickException(
            f"{account_id} is there already, and was left as it is. "
            "--replace-tokens stores the tokens; `calmirror sync` reads it."
        )
    current = shown.item(stack, account_id)["data_center"]
    if data_center not in (None, current):
        raise click.ClickException(
            f"{account_id} is at the data center {current}, and was left as it is."
        )
    stack.accounts().replace_grant(account_id, tokens, connected_at=datetime.now(UTC))


def _row(item: Mapping[str, Any]) -> dict[str, Any]:
    read = shown.last_read(item)
    return {
        "account_id": item["account_id"],
        "state": shown.condition(item),
        "reason": item.get("state_reason"),
        "data_center": item["data_center"],
        "last_read": printing.age(read.started_at if read else None, datetime.now(UTC)),
    }
