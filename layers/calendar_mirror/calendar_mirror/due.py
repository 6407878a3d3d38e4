"""When an account is looked at again without having been notified."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from calendar_mirror.accounts import Account
from calendar_mirror.scopes import Mode

#: Between two looks at an account that Cronofy does not notify us of.
POLLED_EVERY = timedelta(minutes=15)
#: Between two looks at an account whose user has to connect a profile again: Cronofy sends no
#: notification when that was done.
#: Source: https://docs.cronofy.com/developers/faqs/authorizations/profile-reconnection-process/
DISCONNECTED_EVERY = timedelta(hours=1)
#: Between a notified read that showed nothing and the look that makes sure: caches lag.
SECOND_LOOK_AFTER = timedelta(seconds=60)
#: How long an account that was asked for stays out of sight.
ASKED_FOR = timedelta(hours=1)
#: How long Cronofy's refusal of a channel is taken for its last word.
REFUSED_FOR = timedelta(days=1)

_DAY = timedelta(days=1)


def next_look(account: Account, *, now: datetime) -> datetime:
    """Return when *account*, which was looked at just now, is due again."""
    if account.second_look_since is not None:
        return now + SECOND_LOOK_AFTER
    if account.channel is None and account.channel_refused_at is not None:
        return now + POLLED_EVERY
    if account.disconnected:
        return now + DISCONNECTED_EVERY
    read_at = account.last_full_read_at
    its_time = _its_time(account.account_id, read_at or now)
    return its_time if its_time > now else _its_time(account.account_id, now)


def full_read_is_due(account: Account, *, now: datetime) -> bool:
    """Tell whether the whole window is to be read: once a day."""
    read_at = account.last_full_read_at
    return read_at is None or _its_time(account.account_id, read_at) <= now


def channel_may_be_asked_for(account: Account, *, now: datetime) -> bool:
    """
    Tell whether it makes sense to ask Cronofy for a channel. It refuses none to an account whose
    details we may read, so a refusal from before its grant became wider tells nothing.
    """
    refused_at = account.channel_refused_at
    if refused_at is None or account.wanted.mode is Mode.EVENTS:
        return True
    return now - refused_at >= REFUSED_FOR


def _its_time(account_id: str, after: datetime) -> datetime:
    """
    Return the account's own time of day, half a day or more after *after*: accounts that were
    connected together do not come back together.
    """
    digest = hashlib.sha256(account_id.encode()).digest()
    offset = _DAY * (int.from_bytes(digest[:4]) / 2**32)
    midnight = datetime(after.year, after.month, after.day, tzinfo=UTC)
    wanted = midnight + offset
    while wanted < after + _DAY / 2:
        wanted += _DAY
    return wanted
