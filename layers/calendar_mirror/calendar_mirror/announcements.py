"""What the change feed is told of accounts."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum

from calendar_mirror import instants
from calendar_mirror.accounts import Account, State

SOURCE = "calendar-mirror"


class AccountChange(StrEnum):
    """The detail types of the feed that speak of accounts."""

    CONNECTED = "Account Connected"
    DISCONNECTED = "Account Disconnected"
    ERASED = "Account Erased"


@dataclass(frozen=True, slots=True)
class Announcement:
    """
    One entry of the feed.

    Attributes:
        detail: JSON; its ``change_id`` is the same however often it is sent.
        condition: what the account is in by it, to be remembered before and after it is sent.
        number: how many there were of the account, with this one.
    """

    change: AccountChange
    detail: str
    condition: str
    number: int


def due(account: Account) -> Announcement | None:
    """
    Return what has to be said of *account*; ``None``: what was said last still holds.

    Whoever acts on an account asks this at the end, so an announcement that a stop has prevented is
    made by the next one. One that was begun, and may have been made, is made again with the same
    ``change_id``; where it does not hold any more, what holds now is a change from it.
    """
    condition, begun = account.condition, account.announcing
    if begun is None and account.announced == condition:
        return None
    change = AccountChange.CONNECTED if condition == "connected" else AccountChange.DISCONNECTED
    number = account.announcements + (begun != condition)
    return _announcement(account, change, condition, number)


def erased(account: Account) -> Announcement:
    """Return what is said when nothing of *account* is left but its item."""
    return _announcement(account, AccountChange.ERASED, "erased", account.announcements + 1)


def _announcement(
    account: Account, change: AccountChange, condition: str, number: int
) -> Announcement:
    # With when it was added: an account that was erased and connected anew counts from 1 again.
    added_at = account.added_at and instants.to_precise_text(account.added_at)
    identity = json.dumps([account.account_id, added_at, change.value, condition, number])
    detail: dict[str, object] = {
        "account_id": account.account_id,
        "change_id": hashlib.sha256(identity.encode()).hexdigest(),
        "user_refs": list(account.user_refs),
    }
    if change is AccountChange.DISCONNECTED:
        needs_user = account.state is State.NEEDS_USER
        detail["reason"] = account.state_reason if needs_user else "profile_disconnected"
        detail["profiles"] = [
            {
                "profile_id": profile.profile_id,
                "provider_name": profile.provider,
                "conferencing": profile.is_conferencing,
                "relink_url": profile.relink_url,
            }
            for profile in account.disconnected
        ]
    return Announcement(change, json.dumps(detail), condition, number)
