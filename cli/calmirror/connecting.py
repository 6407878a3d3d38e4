"""`calmirror connect-link`: a link with which one user connects a calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from calendar_mirror import connect_links, consent
from calendar_mirror.accounts import DATA_CENTERS
from calendar_mirror.invitations import LINK_LIFE, Invitation
from calendar_mirror.secrets_manager import SecretsManager
from calmirror import at_cronofy, printing
from calmirror.stacks import Stack, on_stack


@click.command("connect-link")
@click.option("--user-ref", required=True, help="How your application calls the user.")
@click.option(
    "--return-to", help="Where the browser goes in the end; an address that the stack allows."
)
@click.option("--data-center", type=click.Choice(DATA_CENTERS), help="[default: the stack's]")
@click.option(
    "--avoid-linking",
    is_flag=True,
    help="Make an account of its own, even if this browser has connected another calendar before.",
)
@click.option(
    "--expires-in",
    type=click.IntRange(min=1),
    default=int(LINK_LIFE.total_seconds() // 60),
    show_default=True,
    help="Minutes for which the link works.",
)
@printing.as_json
@on_stack
def connect_link(
    stack: Stack,
    user_ref: str,
    return_to: str | None,
    data_center: str | None,
    avoid_linking: bool,
    expires_in: int,
    as_json: bool,
) -> None:
    """
    Print a link with which the user USER-REF connects a calendar.

    Whoever opens it connects a calendar under that name: give it to that user only.
    """
    expires_at = datetime.now(UTC) + timedelta(minutes=expires_in)
    try:
        invitation = Invitation(
            user_ref=user_ref,
            data_center=data_center or stack.data_center,
            expires_at=expires_at,
            return_to=return_to,
            avoid_linking=avoid_linking,
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    _check_return(stack, return_to)
    at_cronofy.clients(stack).of(invitation.data_center)
    keys = SecretsManager(stack.client("secretsmanager")).text(stack.output("LinkKeysArn"))
    link = connect_links.link(stack.output("ConnectUrl"), invitation, connect_links.keys(keys))
    printing.outcome({"link": link, "expires_at": expires_at}, link, as_json=as_json)


def _check_return(stack: Stack, return_to: str | None) -> None:
    allowed = [each for each in stack.parameters.get("ReturnToOrigins", "").split(",") if each]
    if return_to is None or consent.may_return_to(return_to, allowed):
        return
    raise click.UsageError(
        f"the stack sends nobody to {return_to}: its parameter ReturnToOrigins allows "
        f"{', '.join(allowed) or 'nothing'}"
    )
