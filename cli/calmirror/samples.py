"""`calmirror sample`: an event for each function to try it with, signed for a secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import click

from calendar_mirror import connect_links, instants, notifications, signatures
from calendar_mirror.invitations import LINK_LIFE, Invitation
from calendar_mirror.notifications import Type
from calendar_mirror.queries import callback_url
from calmirror import asking, completion, function_events

_PUBLIC_URL = "https://example.com"

#: The account that `make demo` connects first.
ACCOUNT_ID = "acc_sample"
#: What the local stack signs with: its client secret, and a key for connect links.
SIGNED_WITH = "local-client-secret"
LINK_KEY = "local-link-key"

MESSAGE = "sync_queue_message"
CONNECT = "connect_link"
SCHEDULE = "reconcile_schedule"
WRITE = "publish_stream_record"
_NOTIFICATIONS = tuple(each.value for each in Type)
NAMES = (*_NOTIFICATIONS, CONNECT, MESSAGE, SCHEDULE, WRITE)


@click.command()
@click.argument("name", metavar="NAME", type=click.Choice([*NAMES, "all"]))
@click.option(
    "--secret",
    help="Client secret, for connect_link a key that signs links; `-` asks for it, or reads the "
    "standard input. [default: the local stack's]",
)
@click.option(
    "--account-id",
    default=ACCOUNT_ID,
    show_default=True,
    shell_complete=completion.account_ids,
)
@click.option("--at", help="When it happens; UTC, 2026-01-31T09:00:00Z. [default: now]")
@click.option("--body-only", is_flag=True, help="The raw body, and the header to send with it.")
@click.option("--write", type=click.Path(file_okay=False, path_type=Path), help="Into files there.")
def sample(
    name: str,
    secret: str | None,
    account_id: str,
    at: str | None,
    body_only: bool,
    write: Path | None,
) -> None:
    """
    Make the sample event NAME for `sam local invoke`, signed for your client secret.

    NAME is a type of notification (for receive), connect_link, sync_queue_message,
    reconcile_schedule, publish_stream_record, or all.
    """
    if not notifications.is_account_id(account_id):
        raise click.UsageError(f"{account_id!r} cannot be an account's id")
    if secret is not None:
        secret = asking.secret(secret, "secret")
    when = _time(at)
    if body_only:
        _print_body(name, secret or SIGNED_WITH, account_id, when)
        return
    for each in NAMES if name == "all" else [name]:
        made = event(each, secret=secret, account_id=account_id, at=when)
        text = json.dumps(made, indent=2) + "\n"
        if write is None:
            click.echo(text, nl=False)
        else:
            write.mkdir(parents=True, exist_ok=True)
            (write / file_name(each)).write_text(text)


def _time(given: str | None) -> datetime:
    try:
        return instants.parse(given) if given else datetime.now(UTC)
    except ValueError as error:
        raise click.UsageError(f"--at: {error}") from error


def _print_body(name: str, secret: str, account_id: str, at: datetime) -> None:
    if name not in _NOTIFICATIONS:
        raise click.UsageError("--body-only is for one type of notification")
    url = callback_url(_PUBLIC_URL, account_id)
    content = body(Type(name), url, changes_since=instants.to_text(at))
    header = headers(content, secret)[signatures.HEADER]
    click.echo(f"{signatures.HEADER}: {header}\n\n{content.decode()}")


def file_name(name: str) -> str:
    """Return the file in which the sample *name* is kept."""
    return f"notification_{name}.json" if name in _NOTIFICATIONS else f"{name}.json"


def event(name: str, *, secret: str | None, account_id: str, at: datetime) -> dict[str, Any]:
    """
    Return the event with which Lambda calls the function that *name* is for.

    Args:
        secret: ``None``: what the local stack signs with.
    """
    match name:
        case "connect_link":
            return function_events.connect_request(_link(secret or LINK_KEY, at), at=at)
        case "sync_queue_message":
            return function_events.queue_batch(account_id, at=at)
        case "reconcile_schedule":
            return function_events.schedule(at=at)
        case "publish_stream_record":
            return function_events.stream_batch(account_id, at=at)
    url = callback_url(_PUBLIC_URL, account_id)
    content = body(Type(name), url, changes_since=instants.to_text(at))
    signed = headers(content, secret or SIGNED_WITH)
    return function_events.notification(content, signed, account_id, at=at)


def _link(keys: str, at: datetime) -> str:
    """Return what a connect link says, signed."""
    invitation = Invitation("sample-user", "us", at.replace(microsecond=0) + LINK_LIFE)
    address = connect_links.link("", invitation, connect_links.keys(keys))
    return parse_qs(urlsplit(address).query)["link"][0]


def body(kind: Type, url: str, *, changes_since: str) -> bytes:
    """
    Write a notification's body.

    Source: https://docs.cronofy.com/developers/api/push-notifications/
    """
    notification = {"type": kind.value}
    if kind is Type.CHANGE:
        notification["changes_since"] = changes_since
    channel = {"channel_id": "chn_54cf7c7cb4ad4c1027000001", "callback_url": url, "filters": {}}
    return json.dumps({"notification": notification, "channel": channel}).encode()


def headers(content: bytes, secret: str) -> dict[str, str]:
    """Return the headers that Cronofy sends with a body."""
    digest = hmac.digest(secret.encode(), content, hashlib.sha256)
    return {
        "Content-Type": "application/json; charset=utf-8",
        signatures.HEADER: base64.b64encode(digest).decode(),
    }
