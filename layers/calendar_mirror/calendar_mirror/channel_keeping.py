"""Keep one channel for each account: the way in which Cronofy tells us of changes."""

from __future__ import annotations

from dataclasses import replace

from calendar_mirror import due, queries
from calendar_mirror.accounts import Channel
from calendar_mirror.errors import NeedsUserError, UnexpectedAnswerError
from calendar_mirror.scopes import Mode
from calendar_mirror.visit import Visit


def ensure(visit: Visit) -> bool:
    """
    Create the channel that is wanted, unless it is there as far as we know. Tell whether one was
    created: what happened before then was not notified.

    It is for the caller to remember it, once everything was read: until then it is created again,
    which gives the same one.

    A changed set of calendars takes a new channel, since none can be changed; the old one is closed
    once the new one is in place.
    """
    account = visit.account
    address = queries.callback_url(visit.edges.public_url, account.account_id)
    known = account.channel
    if known == _wanted(visit, known.channel_id if known else "", address):
        return False
    if not due.channel_may_be_asked_for(account, now=visit.edges.now()):
        return False
    created = _created(visit, address)
    if created is None:
        return False
    visit.account = replace(visit.account, channel=created, channel_refused_at=None)
    if known and known.channel_id != created.channel_id:
        _close(visit, known.channel_id)
    return True


def check(visit: Visit) -> bool:
    """
    Hold what Cronofy has against what we know: create the channel anew where it is gone, and close
    what is ours but not wanted. Tell whether one was created, as `ensure` does.
    """
    known = visit.account.channel
    if known is None and visit.account.last_read is None:
        return ensure(visit)  # there was no time for anything to go wrong
    open_channels = visit.cronofy.channels(visit.grant)
    if known and known.channel_id not in {each.channel_id for each in open_channels}:
        visit.remember_channel(None)
        visit.counts["channels_missing"] += 1
    created = ensure(visit)
    kept = visit.account.channel
    for channel in open_channels:
        if is_ours(channel, visit.edges.public_url) and channel.channel_id != (
            kept and kept.channel_id
        ):
            _close(visit, channel.channel_id)
            visit.counts["channels_stray"] += 1
    return created


def close_all(visit: Visit) -> None:
    """Close every channel that is ours; where Cronofy's list cannot be read, the one we know."""
    known = visit.account.channel
    try:
        open_channels = visit.cronofy.channels(visit.grant)
    except UnexpectedAnswerError:
        open_channels = (known,) if known else ()
    for channel in open_channels:
        is_known = known is not None and channel.channel_id == known.channel_id
        if is_known or is_ours(channel, visit.edges.public_url):
            _close(visit, channel.channel_id)


def _wanted(visit: Visit, channel_id: str, address: str) -> Channel:
    return Channel(channel_id, address, visit.account.calendars)


def _created(visit: Visit, address: str) -> Channel | None:
    """``None``: Cronofy gives none to an account that lets us see busy periods alone."""
    account = visit.account
    try:
        created = visit.cronofy.create_channel(address, visit.grant, calendars=account.calendars)
    except NeedsUserError as error:
        if error.reason != "forbidden" or account.wanted.mode is not Mode.FREE_BUSY:
            raise
        visit.remember_channel(None, refused_at=visit.edges.now())
        visit.counts["channels_refused"] += 1
        return None
    visit.counts["channels_created"] += 1
    return created


def _close(visit: Visit, channel_id: str) -> None:
    visit.cronofy.close_channel(channel_id, visit.grant)
    visit.counts["channels_closed"] += 1


def is_ours(channel: Channel, public_url: str) -> bool:
    """Tell whether a channel leads to us, and not to other parts of the application."""
    return (channel.url or "").startswith(f"{public_url}/notifications/")
