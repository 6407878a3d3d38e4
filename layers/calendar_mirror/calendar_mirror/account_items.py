"""An account as the accounts table keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, TypeAlias

from calendar_mirror import instants
from calendar_mirror.accounts import Account, Channel, FullRead, State, Tokens, Trouble
from calendar_mirror.errors import TryAgainError
from calendar_mirror.planning import CompletedRead
from calendar_mirror.profiles import Profile
from calendar_mirror.scopes import Coverage, Mode
from calendar_mirror.spans import Span

Values: TypeAlias = dict[str, object]

#: The partition of the index ``by_due`` in which all accounts are that are looked at by the clock.
DUE = "due"


def new(account: Account, *, added_at: datetime, due_at: datetime | None = None) -> Values:
    """Write the item of an account that is to be read at *due_at*, or at once."""
    values: Values = {
        "account_id": account.account_id,
        "data_center": account.data_center,
        "state": account.state.value,
        "calendars": list(account.calendars),
        "added_at": instants.to_precise_text(added_at),
        "connected_at": instants.to_precise_text(added_at),
        "trouble": Trouble.UNREAD.value,
    }
    refs: Values = {"user_refs": set(account.user_refs)} if account.user_refs else {}
    return values | refs | tokens(account.tokens) | due(due_at or added_at)


def tokens(given: Tokens) -> Values:
    """Write both tokens. A scope that is not known leaves the one that is kept."""
    expires_at = given.access_expires_at
    scope: Values = {"scope": given.scope} if given.scope else {}
    return scope | {
        "refresh_token": given.refresh,
        "access_token": given.access,
        "access_token_expires_at": expires_at and instants.to_text(expires_at),
    }


def channel(given: Channel | None, *, refused_at: datetime | None) -> Values:
    """Write which channel notifies us, or since when Cronofy refuses one."""
    return {
        "channel_id": given and given.channel_id,
        "channel_url": given and given.url,
        "channel_calendars": list(given.calendars) if given else None,
        "channel_refused_at": refused_at and instants.to_text(refused_at),
    }


def read(completed: CompletedRead, coverage: Coverage, *, drift: int = 0) -> Values:
    """
    Write the cursor, and with a read of the whole window what it was about and how much it had to
    put right. The account is well.
    """
    started_at = instants.to_precise_text(completed.started_at)
    since = completed.last_modified
    values: Values = {
        "last_read_started_at": started_at,
        "last_read_last_modified": since and instants.to_precise_text(since),
        "state": State.CONNECTED.value,
        "state_reason": None,
    }
    if since is not None:
        return values
    return values | {
        "last_full_read_at": started_at,
        "covered_mode": coverage.mode.value,
        "covered_calendars": list(coverage.calendars),
        "drift": drift,
        "full_read": None,
    }


def full_read(under_way: FullRead) -> Values:
    """Write how far a read of the whole window has come."""
    return {
        "full_read": {
            "started_at": instants.to_precise_text(under_way.started_at),
            "mode": under_way.coverage.mode.value,
            "calendars": list(under_way.coverage.calendars),
            "left": [
                [span.start and span.start.isoformat(), span.end and span.end.isoformat()]
                for span in under_way.left
            ],
            "drift": under_way.drift,
            "asked": [instants.to_precise_text(each) for each in under_way.asked],
        }
    }


def second_look(since: datetime | None) -> Values:
    """Write from when on the account is looked at once more."""
    return {"second_look_since": since and instants.to_precise_text(since)}


def profiles(given: tuple[Profile, ...]) -> Values:
    """Write what UserInfo said."""
    return {
        "profiles": [
            {
                "profile_id": each.profile_id,
                "provider": each.provider,
                "name": each.name,
                "connected": each.is_connected,
                "relink_url": each.relink_url,
                "conferencing": each.is_conferencing,
                "synced": each.is_synced,
            }
            for each in given
        ]
    }


def due(at: datetime | None) -> Values:
    """Write when the account is looked at by the clock; ``None``: not at all."""
    return {"due": DUE if at else None, "due_at": at and instants.to_precise_text(at)}


def due_until(now: datetime) -> Values:
    """Write the values of a query for what is due."""
    return {":due": DUE, ":now": instants.to_precise_text(now)}


def to_account(item: Mapping[str, Any]) -> Account:
    """
    Read an item.

    Raises:
        TryAgainError: it is not one of ours; somebody has to mend it.
    """
    try:
        return _account(item)
    except (KeyError, ValueError, TypeError) as error:
        raise TryAgainError(f"the account's item is damaged: {type(error).__name__}") from error


def _account(item: Mapping[str, Any]) -> Account:
    return Account(
        account_id=item["account_id"],
        data_center=item["data_center"],
        tokens=to_tokens(item),
        state=State(item["state"]),
        state_reason=item.get("state_reason"),
        user_refs=_sorted(item, "user_refs"),
        calendars=_sorted(item, "calendars"),
        channel=_channel(item),
        channel_refused_at=_instant(item, "channel_refused_at"),
        profiles=_profiles(item.get("profiles")),
        is_paused=item.get("paused") is True,
        last_read=_last_read(item),
        last_full_read_at=_instant(item, "last_full_read_at"),
        full_read=_full_read(item.get("full_read")),
        second_look_since=_instant(item, "second_look_since"),
        covered=_covered(item),
        added_at=_instant(item, "added_at"),
        connected_at=_instant(item, "connected_at"),
        resumed_at=_instant(item, "resumed_at"),
        trouble=Trouble(item["trouble"]) if "trouble" in item else None,
        announced=item.get("announced"),
        announcing=item.get("announcing"),
        announcements=int(item.get("announcements", 0)),
    )


def to_tokens(item: Mapping[str, Any]) -> Tokens:
    """Read the tokens of an item."""
    return Tokens(
        refresh=item["refresh_token"],
        access=item.get("access_token"),
        access_expires_at=_instant(item, "access_token_expires_at"),
        scope=item.get("scope"),
    )


def _channel(item: Mapping[str, Any]) -> Channel | None:
    channel_id = item.get("channel_id")
    if channel_id is None:
        return None
    return Channel(channel_id, item.get("channel_url"), _sorted(item, "channel_calendars"))


def _profiles(kept: Any) -> tuple[Profile, ...] | None:
    if kept is None:
        return None
    return tuple(
        Profile(
            profile_id=each["profile_id"],
            provider=each["provider"],
            name=each["name"],
            is_connected=each["connected"],
            relink_url=each["relink_url"],
            is_conferencing=each["conferencing"],
            is_synced=each["synced"],
        )
        for each in kept
    )


def _last_read(item: Mapping[str, Any]) -> CompletedRead | None:
    started_at = _instant(item, "last_read_started_at")
    if started_at is None:
        return None
    return CompletedRead(started_at, _instant(item, "last_read_last_modified"))


def _covered(item: Mapping[str, Any]) -> Coverage | None:
    mode = item.get("covered_mode")
    return None if mode is None else Coverage(Mode(mode), _sorted(item, "covered_calendars"))


def _full_read(kept: Any) -> FullRead | None:
    if kept is None:
        return None
    return FullRead(
        started_at=instants.parse(kept["started_at"]),
        coverage=Coverage(Mode(kept["mode"]), tuple(kept["calendars"])),
        left=tuple(Span(_date(start), _date(end)) for start, end in kept["left"]),
        drift=int(kept["drift"]),
        asked=tuple(instants.parse(each) for each in kept["asked"]),
    )


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _sorted(item: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(sorted(item.get(name) or ()))


def _instant(item: Mapping[str, Any], name: str) -> datetime | None:
    text = item.get(name)
    return None if text is None else instants.parse(text)
