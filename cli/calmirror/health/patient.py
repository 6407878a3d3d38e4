"""What is wrong with one account?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from calendar_mirror.accounts import State
from calendar_mirror.errors import CalendarMirrorError, NeedsUserError
from calendar_mirror.spans import PAST
from calmirror import at_cronofy, printing, shown
from calmirror.health import fleet
from calmirror.health.findings import Finding, error, ok, warning
from calmirror.stacks import Stack


def account(stack: Stack, account_id: str, now: datetime) -> Iterator[Finding]:
    """Look at an account as the table has it, and as Cronofy does."""
    if not shown.is_there(stack, account_id):
        yield error(
            "account",
            f"There is no account {account_id} in {stack.place}.",
            "`calmirror accounts list` names those that are there. Check --stack as well.",
        )
        return
    item = shown.item(stack, account_id)
    if item["state"] == State.ERASING:
        yield warning(
            "account",
            f"{account_id} is being erased.",
            f"`calmirror erase {account_id}` waits for it.",
        )
        return
    if item["state"] == State.NEEDS_USER:
        reason = item.get("state_reason")
        do = shown.explanation(item) or f"`calmirror accounts show {account_id}` tells more."
        yield error("account", f"{account_id} cannot be read: {reason}.", do)
    if fleet.is_paused(item):
        yield warning(
            "account",
            f"{account_id} is paused: nothing is read of it.",
            f"`calmirror resume {account_id}` reads what it has missed.",
        )
    yield from _reads(item, account_id, now)
    if item["state"] == State.CONNECTED and account_id not in shown.without_tokens(stack):
        yield from _at_cronofy(stack, account_id, item["data_center"])
    for profile in shown.disconnected(item):
        yield warning(
            "profile",
            f"The profile {profile['name'] or profile['profile_id']} of {account_id} is not "
            "connected: its calendars stand still.",
            f"Its user connects it again at {profile['relink_url']}",
        )


def _reads(item: fleet.Item, account_id: str, now: datetime) -> Iterator[Finding]:
    read = shown.last_read(item)
    again = f"`calmirror sync {account_id} --full --wait` reads everything now, or says what is in "
    if read is None:
        level = error if fleet.is_late(item, now) else warning
        yield level("cursor", f"{account_id} was never read to its end.", f"{again}the way.")
        return
    age = printing.age(read.started_at, now)
    if not fleet.is_stale(item, now):
        yield ok("cursor", f"{account_id} was read {age}.")
        return
    beyond = now - read.started_at >= PAST
    far = ", which is longer than Cronofy shows changes for: the whole window has to be read"
    yield error(
        "cursor",
        f"{account_id} has a stale cursor: it was read {age}{far if beyond else ''}.",
        f"{again}the way.",
    )


def _at_cronofy(stack: Stack, account_id: str, data_center: str) -> Iterator[Finding]:
    found = stack.accounts().get(account_id)
    if found is None:
        return
    try:
        cronofy, grant = at_cronofy.opened(stack, found)
        cronofy.user_info(grant)
    except NeedsUserError as failure:
        do = shown.meaning(failure.reason, data_center, was_read=found.last_read is not None)
        yield error("grant", f"{account_id}: {failure}.", do or "Let its user connect it anew.")
        return
    except CalendarMirrorError as failure:
        yield error(
            "grant",
            f"{account_id}: Cronofy did not answer: {failure}.",
            "The findings about the provider and the secret say why, and what to do.",
        )
        return
    yield ok("grant", f"Cronofy accepts the grant of {account_id}.")
    wrong = fleet.wrong_channels(stack, [account_id])
    yield from wrong
    if not wrong:
        yield ok("channels", f"Cronofy has the channel of {account_id}, to this stack.")
