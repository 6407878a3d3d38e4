"""Keep what Cronofy says of an account's profiles: which calendars it can reach."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from calendar_mirror import profiles
from calendar_mirror.accounts import Account
from calendar_mirror.errors import (
    CronofyUnavailableError,
    NeedsUserError,
    UnexpectedAnswerError,
)
from calendar_mirror.profiles import Profile, UserInfo
from calendar_mirror.visit import Visit


def look(visit: Visit) -> None:
    """
    Keep what UserInfo says; of a profile that came back, not before the read that this calls for.

    A server that has no such thing leaves the account readable all the same.
    """
    info = _user_info(visit)
    if info is None:
        return
    visit.has_seen_profiles = True
    if not came_back(visit.account, info.profiles):
        visit.remember_profiles(info)
        return
    tokens = visit.account.tokens
    scoped = replace(tokens, scope=info.scope or tokens.scope)
    visit.account = replace(visit.account, profiles=info.profiles, tokens=scoped)


def keep_who_came_back(visit: Visit, before: Account) -> None:
    """Keep that a profile is connected again, once all was read for it."""
    account = visit.account
    if came_back(before, account.profiles):
        visit.edges.accounts.remember_profiles(
            account.account_id, account.profiles or (), scope=account.tokens.scope
        )


def came_back(before: Account, now: Iterable[Profile] | None) -> bool:
    """Tell whether a profile was connected again: no notification says so."""
    connected = {each.profile_id for each in now or () if each.is_connected}
    lost = {each.profile_id for each in before.disconnected if not each.is_conferencing}
    return not connected.isdisjoint(lost)


def make_sure(visit: Visit) -> None:
    """
    Ask, after a read, whether Cronofy can still reach what it could before: a profile that was
    disconnected meanwhile may have left the read without events that exist.

    Raises:
        CronofyUnavailableError: it cannot; the next visit looks first, and reads again.
    """
    info = _user_info(visit)
    if info is None or not profiles.reads_are_complete(info.profiles):
        raise CronofyUnavailableError("a profile was disconnected while its calendars were read")


def _user_info(visit: Visit) -> UserInfo | None:
    try:
        return visit.cronofy.user_info(visit.grant)
    except UnexpectedAnswerError:
        pass
    except NeedsUserError as error:
        if error.reason != "forbidden":
            raise
    visit.counts["profiles_unknown"] += 1
    return None
