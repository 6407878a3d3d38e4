"""`calmirror notify`: send a signed test notification, as Cronofy would."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import click
import requests

from calendar_mirror import credentials, instants
from calendar_mirror.cronofy import callback_url
from calendar_mirror.notifications import Type
from calmirror import samples
from calmirror.stacks import Stack, on_stack


@click.command()
@click.argument("account_id")
@click.option(
    "--type", "kind", type=click.Choice(list(Type)), default=Type.CHANGE, show_default=True
)
@click.option("--changes-since", help="UTC, 2026-01-31T09:00:00Z. [default: now]")
@on_stack
def notify(stack: Stack, account_id: str, kind: str, changes_since: str | None) -> None:
    """
    Send a signed notification for ACCOUNT_ID to the stack. Ends with 1 if it was not accepted.
    """
    url = callback_url(
        stack.outputs["NotificationsUrl"].rsplit("/notifications/", 1)[0], account_id
    )
    since = changes_since or instants.to_text(datetime.now(UTC))
    body = samples.body(Type(kind), url, changes_since=since)
    headers = samples.headers(body, _client_secret(stack))
    began = time.monotonic()
    try:
        answer = requests.post(url, data=body, headers=headers, timeout=10, allow_redirects=False)
    except requests.RequestException as error:
        raise click.ClickException(f"{url} did not answer: {type(error).__name__}") from error
    milliseconds = (time.monotonic() - began) * 1000
    click.echo(f"{url} answered {answer.status_code} in {milliseconds:.0f} ms.")
    if answer.status_code != 200:
        raise SystemExit(1)


def _client_secret(stack: Stack) -> str:
    if stack.client_secret:
        return stack.client_secret.split(",")[0]
    secret_id = stack.outputs["ClientSecretsArn"]
    text = stack.client("secretsmanager").get_secret_value(SecretId=secret_id)["SecretString"]
    return next(iter(credentials.parse(text).values())).secrets[0]
