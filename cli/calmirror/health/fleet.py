"""Which accounts are not read as they should be?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from calendar_mirror.accounts import State
from calmirror import channels, printing, shown
from calmirror.health.findings import Finding, Level, error, ok, warning
from calmirror.stacks import Stack

#: An account is read once a day at the least, at a time of its own, at most a day and a half apart.
STALE = timedelta(hours=40)
#: How long a new account may take to be read first.
NEW = timedelta(minutes=15)
#: So many are named, and so many are looked up at Cronofy.
_NAMED, _ASKED = 3, 10
#: Accounts about which Cronofy could not be asked for one cause, after which it is asked no more.
_ENOUGH = 3

Item = Mapping[str, Any]


def accounts(items: Sequence[Item], now: datetime) -> Iterator[Finding]:
    """Look at all accounts, as the accounts table has them."""
    checks: tuple[tuple[Level, str, str, Callable[[Item], bool]], ...] = (
        (
            Level.WARNING,
            "Cannot be read until somebody acts",
            (
                "`calmirror accounts show {first}` says why; mostly its user has to connect anew, "
                "with a link that `calmirror connect-link` makes."
            ),
            lambda item: item["state"] == State.NEEDS_USER,
        ),
        (
            Level.WARNING,
            "With a profile that only its user can connect again",
            "`calmirror accounts show {first}` has the link for the user.",
            lambda item: item["state"] == State.CONNECTED and bool(shown.disconnected(item)),
        ),
        (
            Level.WARNING,
            "Paused, so that nothing is read",
            "`calmirror resume {first}` reads what it has missed.",
            lambda item: is_paused(item),
        ),
        (
            Level.ERROR,
            "Put in place, and not read yet",
            "`calmirror doctor {first}` tells what is in the way.",
            lambda item: is_read(item) and is_late(item, now),
        ),
        (
            Level.ERROR,
            "With a stale cursor, not read for more than a day and a half",
            (
                "Does the schedule run (`calmirror tail --function reconcile`), and does the queue "
                "move (`calmirror status`)? `calmirror sync {first} --full --wait` reads one now."
            ),
            lambda item: is_read(item) and is_stale(item, now),
        ),
    )
    quiet = True
    for level, what, do, applies in checks:
        names = sorted(str(item["account_id"]) for item in items if applies(item))
        if names:
            quiet = False
            more = f" and {len(names) - _NAMED} others" if len(names) > _NAMED else ""
            said = f"{what}: {printing.count(len(names), 'account')}: {', '.join(names[:_NAMED])}"
            yield Finding("accounts", level, f"{said}{more}.", do.format(first=names[0]))
    if quiet:
        yield ok("accounts", f"{printing.count(len(items), 'account')}, read as they should be.")


def tokens(stack: Stack) -> Iterator[Finding]:
    """Say which accounts have no tokens: somebody has written into the table."""
    names = shown.without_tokens(stack)
    if names:
        more = f" and {len(names) - _NAMED} others" if len(names) > _NAMED else ""
        yield error(
            "tokens",
            f"Without tokens, so that nothing can be read: "
            f"{printing.count(len(names), 'account')}: {', '.join(names[:_NAMED])}{more}.",
            f"`calmirror connect-link` for its user connects it anew; with tokens of your own "
            f"`calmirror accounts add {names[0]} --refresh-token - --replace-tokens`.",
        )


def is_paused(item: Item) -> bool:
    """Tell whether an operator has stopped its reads."""
    return item["state"] != State.ERASING and bool(item.get("paused"))


def is_read(item: Item) -> bool:
    """Tell whether an account ought to be read now."""
    return item["state"] == State.CONNECTED and not item.get("paused")


def is_late(item: Item, now: datetime) -> bool:
    """Tell whether an account that was never read should have been."""
    added = shown.instant(item, "connected_at") or shown.instant(item, "added_at")
    return shown.last_read(item) is None and added is not None and now - added > NEW


def is_stale(item: Item, now: datetime) -> bool:
    """Tell whether an account was read too long ago."""
    read = shown.last_read(item)
    return read is not None and now - read.started_at > STALE


def notified(stack: Stack, items: Sequence[Item]) -> Iterator[Finding]:
    """
    Look at the channels: of all accounts as the table has them, and of a few, those that were read
    longest ago, as Cronofy has them.
    """
    public_url = f"{stack.public_url}/notifications/"
    wanted = [item for item in items if is_read(item) and not item.get("channel_refused_at")]
    elsewhere = [
        str(item["account_id"])
        for item in wanted
        if item.get("channel_url") and not str(item["channel_url"]).startswith(public_url)
    ]
    if elsewhere:
        yield error(
            "channels",
            f"Channels to another address than {public_url}: "
            f"{printing.count(len(elsewhere), 'account')}, {elsewhere[0]} for one.",
            "`calmirror channels check --repair` has them created anew.",
        )
    with_channel = [item for item in wanted if item.get("channel_id")]
    asked = sorted(with_channel, key=lambda item: str(item["last_read_started_at"] or ""))[:_ASKED]
    wrong = wrong_channels(stack, [str(item["account_id"]) for item in asked])
    yield from wrong
    if not elsewhere and not wrong:
        rest = f"; `calmirror channels check` checks all {len(with_channel)}"
        more = rest if len(with_channel) > len(asked) else ""
        yield ok("channels", f"{printing.count(len(asked), 'channel')} checked, all open{more}.")


def wrong_channels(stack: Stack, account_ids: Sequence[str]) -> list[Finding]:
    """
    Ask Cronofy for the channels of accounts; return what is wrong. That it cannot be asked is said
    once of each cause, and after some accounts with one cause no more are asked: in an outage each
    takes its time.
    """
    wrong: list[Finding] = []
    causes: dict[str, list[str]] = {}
    for account_id in account_ids:
        for each in channels.checked(stack, account_id):
            if each.finding == "unreachable":
                causes.setdefault(each.detail, []).append(account_id)
            else:
                wrong.append(_channel(each))
        if any(len(names) == _ENOUGH for names in causes.values()):
            break
    return [*(_unreachable(cause, names) for cause, names in causes.items()), *wrong]


def _unreachable(cause: str, names: Sequence[str]) -> Finding:
    count = printing.count(len(names), "account")
    return error(
        "channels",
        f"Cronofy could not be asked for the channels of {count}, {names[0]} for one: {cause}.",
        f"`calmirror doctor {names[0]}` tells more.",
    )


def _channel(found: channels.Finding) -> Finding:
    level = error if found.finding == "missing" else warning
    said = {
        "missing": "Cronofy has closed its channel, or never had one: no notification comes",
        "other_calendars": found.detail,
        "stray": f"there is a channel too many, {found.detail}",
    }[found.finding]
    return level(
        "channels",
        f"{found.account_id}: {said}.",
        f"`calmirror channels check {found.account_id} --repair` puts it right, and reads what was "
        "not notified.",
    )
