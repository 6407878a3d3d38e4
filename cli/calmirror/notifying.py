"""`calmirror notify`: send a signed test notification, as Cronofy would."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import click
import requests

from calendar_mirror import instants
from calendar_mirror.notifications import Type, is_account_id
from calendar_mirror.queries import callback_url
from calmirror import at_cronofy, completion, printing, samples, shown
from calmirror.stacks import Stack, http_session
from calmirror.target import on_target

#: Cronofy itself waits five.
_TIMEOUT_S = 10
#: What SAM runs may have to wait for its container.
_CONTAINER_TIMEOUT_S = 180


@click.command()
@click.argument("account_id", shell_complete=completion.account_ids)
@click.option(
    "--type",
    "kind",
    type=click.Choice([each.value for each in Type]),
    default=Type.CHANGE.value,
    show_default=True,
)
@click.option("--changes-since", help="UTC, 2026-01-31T09:00:00Z. [default: now]")
@click.option(
    "--url",
    metavar="URL",
    help="Send it there instead: http://127.0.0.1:3000 is `sam local start-api`'s.",
)
@printing.as_json
@on_target
def notify(
    stack: Stack,
    account_id: str,
    kind: str,
    changes_since: str | None,
    url: str | None,
    as_json: bool,
) -> None:
    """
    Send a signed notification for ACCOUNT_ID to the stack. Ends with 1 if it was not accepted.
    """
    if not is_account_id(account_id):
        raise click.UsageError(f"{account_id!r} cannot be an account's id")
    since = _since(changes_since)
    secret = at_cronofy.clients(stack).of(stack.data_center).secrets[0]
    body = samples.body(Type(kind), callback_url(stack.public_url, account_id), changes_since=since)
    address = callback_url((url or stack.public_url).rstrip("/"), account_id)
    timeout_s = _CONTAINER_TIMEOUT_S if url else _TIMEOUT_S
    status, seconds = _posted(address, body, secret, timeout_s)
    printing.outcome(
        {"url": address, "type": kind, "status": status, "seconds": round(seconds, 3)},
        f"{address} answered {status} in {seconds * 1000:.0f} ms.",
        as_json=as_json,
    )
    if not shown.is_there(stack, account_id):
        click.echo(_unknown(stack, account_id), err=True)
    if status != 200:
        raise SystemExit(1)


def _unknown(stack: Stack, account_id: str) -> str:
    return (
        f"There is no account {account_id} in {stack.place}, so this notification has no effect. "
        "Check the id (`calmirror accounts list`) and the stack (--stack, --region)."
    )


def _since(given: str | None) -> str:
    try:
        return instants.to_text(instants.parse(given) if given else datetime.now(UTC))
    except ValueError as error:
        raise click.UsageError(f"--changes-since: {error}") from error


def _posted(url: str, body: bytes, secret: str, timeout_s: int) -> tuple[int, float]:
    began = time.monotonic()
    try:
        answer = http_session(url).post(
            url,
            data=body,
            headers=samples.headers(body, secret),
            timeout=timeout_s,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        raise click.ClickException(f"{url} did not answer: {type(error).__name__}.") from error
    return answer.status_code, time.monotonic() - began
