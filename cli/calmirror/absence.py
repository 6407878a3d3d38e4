"""Why an event is not in the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from calendar_mirror.accounts import Account, State
from calendar_mirror.records import Record
from calendar_mirror.spans import FUTURE, PAST
from calmirror import shown


@dataclass(frozen=True, slots=True)
class Absence:
    """
    Attributes:
        reason: one word, for programs.
        what_to_do: ``None``: nothing is wrong.
    """

    reason: str
    said: str
    what_to_do: str | None = None


def of_account(account_id: str, receipts: Sequence[Mapping[str, Any]]) -> Absence:
    """Say why the account itself is not there."""
    if receipts:
        return Absence("erased", f"{account_id} was erased, at {receipts[-1]['finished_at']}.")
    return Absence(
        "unknown_account",
        f"there is no account {account_id}.",
        "`calmirror connect-link` lets its user connect it; `calmirror accounts add` takes it over "
        "with the refresh token that you hold.",
    )


def before_asking(account: Account, calendar_id: str | None) -> Absence | None:
    """Say what explains it without asking Cronofy; ``None``: nothing does."""
    name = account.account_id
    if account.state is State.ERASING:
        return Absence("erasing", f"{name} is being erased.")
    if account.state is State.NEEDS_USER:
        reason = account.state_reason
        return Absence(
            "needs_user",
            f"{name} cannot be read: {reason}.",
            shown.meaning(reason, account.data_center, was_read=account.last_read is not None)
            or f"`calmirror accounts show {name}` tells more.",
        )
    if account.is_paused:
        return Absence(
            "paused",
            f"{name} is paused, so nothing is read of it.",
            f"`calmirror resume {name}` reads all that it has missed.",
        )
    if account.last_read is None:
        return Absence("never_read", f"{name} was never read to its end.", _read(name))
    if calendar_id and account.calendars and calendar_id not in account.calendars:
        return _not_mirrored(account, calendar_id)
    return None


def of_found(account: Account, record: Record) -> Absence:
    """Say why an event that Cronofy returns is not in the table."""
    calendar_id = record.key.calendar_id
    if account.calendars and calendar_id not in account.calendars:
        return _not_mirrored(account, calendar_id)
    if record.deleted:
        return Absence(
            "deleted", "Cronofy says that it is deleted, and the mirror has never seen it alive."
        )
    name = account.account_id
    return Absence(
        "missing",
        f"Cronofy has it, in {calendar_id}, and the table does not.",
        f"{_read(name)} If it is missing still, `calmirror dlq show {name}` and `calmirror tail` "
        "tell what is in the way.",
    )


def unreachable(account: Account, error: Exception) -> Absence:
    """Say that Cronofy could not be asked."""
    return Absence(
        "not_known",
        f"no row, and Cronofy could not be asked: {error}.",
        f"`calmirror doctor {account.account_id}` tells why Cronofy cannot be asked.",
    )


def not_at_cronofy(account: Account, now: datetime) -> Absence:
    """Say what can be the reason for which Cronofy does not return an event."""
    first, last = (now - PAST).date(), (now + FUTURE).date()
    lost = ", ".join(each.name or each.profile_id for each in account.disconnected)
    return Absence(
        "not_at_cronofy",
        f"Cronofy does not return it either. It lies outside the window ({first} to {last}), was "
        "deleted, or has another uid.",
        f"A profile is not connected: {lost}. `calmirror accounts show {account.account_id}` has "
        "the link at which its user connects it again."
        if lost
        else None,
    )


def _not_mirrored(account: Account, calendar_id: str) -> Absence:
    name = account.account_id
    calendars = " ".join(f"--calendar {each}" for each in (*account.calendars, calendar_id))
    return Absence(
        "not_mirrored",
        f"{name} is limited to other calendars than {calendar_id}.",
        f"If that is to be mirrored as well: `calmirror accounts set {name} {calendars}`",
    )


def _read(account_id: str) -> str:
    return f"`calmirror sync {account_id} --full --wait` reads everything."
