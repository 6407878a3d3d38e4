"""`calmirror data-center`: at which of Cronofy's data centers the stack has an application."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import click

from calendar_mirror import credentials
from calendar_mirror.accounts import DATA_CENTERS
from calendar_mirror.client_secrets import WRITTEN_BY_OPERATORS, WRITTEN_BY_THE_DEPLOY
from calendar_mirror.credentials import ClientCredentials
from calendar_mirror.errors import CalendarMirrorError
from calmirror import applications, asking, printing, shown, target
from calmirror.health import provider
from calmirror.stacks import Stack, on_stack
from calmirror.target import on_target

#: What the parameters of the template allow as well.
_ALLOWED = re.compile(r'[^"\\\s]+')
_NOTICED = "The functions use it within five minutes, without a deploy."


@click.group("data-center")
def data_center() -> None:
    """
    The Cronofy applications of the stack, one for each data center.

    The deploy writes that of the stack's own data center into the secret InitialCredentials. These
    commands write the secret ClientSecrets, whose entries win, and which no deploy touches.
    """


@data_center.command("list")
@printing.as_json
@on_stack
def list_(stack: Stack, as_json: bool) -> None:
    """List the data centers with their client ids, and where each comes from. Shows no secret."""
    accounts = _accounts_by_data_center(stack)
    rows = [
        {
            "data_center": name,
            "client_id": each.client.client_id,
            "client_secrets": len(each.client.secrets),
            "kept_in": each.secret,
            "written_by": "the deploy" if each.is_deployed else "data-center add",
            "accounts": len(accounts.get(name, ())),
        }
        for name, each in sorted(applications.kept(stack).items())
    ]
    if as_json:
        printing.document(rows)
    else:
        printing.table(rows, rows[0] if rows else (), empty="No application is kept.")


@data_center.command()
@click.argument("name", metavar="DATA_CENTER", type=click.Choice(DATA_CENTERS))
@click.option("--client-id", help="[default: the one that is kept for this data center]")
@click.option(
    "--keep-old",
    is_flag=True,
    help="Accept the secrets that are kept now as well, during a rotation.",
)
@click.option("--unchecked", is_flag=True, help="Do not ask Cronofy whether it accepts them.")
@click.option("--yes", is_flag=True, help="Do not ask whether another application is meant.")
@printing.as_json
@on_target
def add(
    stack: Stack,
    name: str,
    client_id: str | None,
    keep_old: bool,
    unchecked: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """
    Put the application at DATA_CENTER in place, or new client secrets of it.

    Asks for the client secret, or reads it from the standard input: never from the command line,
    where others see it. Several are separated by commas, the one to call Cronofy with first.
    """
    before = applications.kept(stack).get(name)
    client_id = client_id or (before.client.client_id if before else None)
    if client_id is None:
        raise click.UsageError(f"nothing is kept of {name} yet: name its --client-id")
    given = _given(client_id, asking.secret("-", "client secret"))
    if not unchecked:
        _check(stack, name, given)
    if before and before.client.client_id != client_id:
        _confirm_another_application(stack, name, yes=yes)
    old = before.client.secrets if before and keep_old else ()
    secrets = tuple(dict.fromkeys((*given.secrets, *old)))
    entry = {"client_id": client_id, "client_secret": ",".join(secrets)}
    _write(stack, {**_document(stack), name: entry})
    printing.outcome(
        {"data_center": name, "client_id": client_id, "client_secrets": len(secrets)},
        f"{stack.name} has {printing.count(len(secrets), 'client secret')} of {client_id} at "
        f"{name}. {_NOTICED}",
        as_json=as_json,
    )


@data_center.command()
@click.argument("name", metavar="DATA_CENTER", type=click.Choice(DATA_CENTERS))
@click.option("--yes", is_flag=True, help="Also where accounts live there.")
@printing.as_json
@on_target
def remove(stack: Stack, name: str, yes: bool, as_json: bool) -> None:
    """
    Take DATA_CENTER out of the secret ClientSecrets.

    What the deploy wrote of it counts again. Where there is nothing, its accounts would be read no
    more, and Cronofy would close their channels: while there are any, it takes --yes.
    """
    document = _document(stack)
    if name not in document:
        raise click.ClickException(_not_ours(stack, name))
    text = applications.text(stack, WRITTEN_BY_THE_DEPLOY)
    left = credentials.parse(text, WRITTEN_BY_THE_DEPLOY)
    accounts = () if name in left else _accounts_by_data_center(stack).get(name, ())
    if accounts and not yes:
        raise click.ClickException(
            f"{printing.count(len(accounts), 'account')} of {stack.name} would be read no more: "
            f"{_named(accounts)}. `calmirror erase` ends them in order; --yes removes {name} "
            "nevertheless."
        )
    _write(stack, {each: entry for each, entry in document.items() if each != name})
    now = "what the deploy wrote counts again" if name in left else "nothing is kept of it"
    printing.outcome(
        {"data_center": name, "accounts": len(accounts), "falls_back": name in left},
        f"{name} is out of ClientSecrets of {stack.name}: {now}. {_NOTICED}",
        as_json=as_json,
    )


def _given(client_id: str, text: str) -> ClientCredentials:
    parts = [part.strip() for part in text.split(",")]
    for what, each in (("client id", client_id), *(("client secret", part) for part in parts)):
        if not _ALLOWED.fullmatch(each):
            raise click.UsageError(
                f"a {what} is not empty, and has no blank, quotation mark or backslash in it"
            )
    return ClientCredentials(client_id, tuple(parts))


def _check(stack: Stack, name: str, client: ClientCredentials) -> None:
    """Refuse what Cronofy does not know: every notification would be refused because of it."""
    for number, secret in enumerate(client.secrets, start=1):
        alone = ClientCredentials(client.client_id, (secret,))
        try:
            accepted = provider.knows(stack, name, alone, [])
        except CalendarMirrorError as error:
            raise click.ClickException(
                f"Cronofy ({name}) could not be asked: {error}. --unchecked puts it in place "
                "nevertheless."
            ) from error
        if not accepted:
            which = f"client secret number {number}" if len(client.secrets) > 1 else "client secret"
            raise click.ClickException(
                f"Cronofy ({name}) does not accept {client.client_id} with this {which}. Nothing "
                "was changed."
            )


def _confirm_another_application(stack: Stack, name: str, *, yes: bool) -> None:
    """Ask: a grant holds for the application alone that it was given to."""
    accounts = _accounts_by_data_center(stack).get(name, ())
    if accounts and not yes:
        target.confirm(
            stack,
            f"{printing.count(len(accounts), 'account')} at {name} gave their grants to another "
            f"application, and would need their users: {_named(accounts)}. Go on?",
        )


def _not_ours(stack: Stack, name: str) -> str:
    if name == stack.data_center:
        return (
            f"{name} is the data center that {stack.name} was deployed with; it changes with the "
            "parameter CronofyDataCenter."
        )
    return f"{stack.name} keeps nothing of {name}."


def _accounts_by_data_center(stack: Stack) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for item in shown.items(stack):
        found.setdefault(str(item["data_center"]), []).append(str(item["account_id"]))
    return found


def _named(accounts: Sequence[str]) -> str:
    more = f" and {len(accounts) - 3} others" if len(accounts) > 3 else ""
    return ", ".join(sorted(accounts)[:3]) + more


def _document(stack: Stack) -> dict[str, Any]:
    """Return ClientSecrets as it is, if it is of the right form."""
    text = applications.text(stack, WRITTEN_BY_OPERATORS)
    credentials.parse(text, WRITTEN_BY_OPERATORS)
    return dict(json.loads(text))


def _write(stack: Stack, document: Mapping[str, Any]) -> None:
    stack.client("secretsmanager").put_secret_value(
        SecretId=applications.arn(stack, WRITTEN_BY_OPERATORS), SecretString=json.dumps(document)
    )
