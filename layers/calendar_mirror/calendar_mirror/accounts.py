"""An account: one user's grant, what is to be read with it, and how far it has been read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from calendar_mirror import profiles, scopes
from calendar_mirror.errors import SettingsError
from calendar_mirror.planning import CompletedRead
from calendar_mirror.profiles import Profile
from calendar_mirror.scopes import Coverage
from calendar_mirror.spans import WHOLE, Span


class State(StrEnum):
    """
    Whether we can read the account. ``needs_user``: its owner, or you, must do something first.
    ``erasing``: it is being erased, and nothing is read any more.
    """

    CONNECTED = "connected"
    NEEDS_USER = "needs_user"
    ERASING = "erasing"


class Trouble(StrEnum):
    """
    Why somebody should know of the account: its user has something to do; its window was never read
    to the end; nothing was notified of it though a full read found changes.
    """

    DISCONNECTED = "disconnected"
    UNREAD = "unread"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Tokens:
    """
    Attributes:
        access: ``None``: not known yet, a refresh gets one.
        access_expires_at: UTC; ``None``: not known, so Cronofy's 401 tells.
        scope: what was granted, space separated; ``None``: not known yet.
    """

    refresh: str = field(repr=False)
    access: str | None = field(default=None, repr=False)
    access_expires_at: datetime | None = None
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """
    What notifies us of an account.

    Attributes:
        channel_id: Cronofy's.
        url: the address that is notified; ``None``: not known.
        calendars: those it is limited to, sorted; none: it is not.
    """

    channel_id: str
    url: str | None = None
    calendars: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FullRead:
    """
    A read of the whole window that is under way.

    Attributes:
        started_at: before its first page was asked for.
        coverage: what it is about.
        left: what is still to be read, in order.
        drift: rows that it had to put right so far.
        asked: when the messages were received that were at hand when it began.
    """

    started_at: datetime
    coverage: Coverage
    left: tuple[Span, ...] = (WHOLE,)
    drift: int = 0
    asked: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """
    Attributes:
        data_center: one of `DATA_CENTERS`.
        state_reason: one word, with ``needs_user``.
        user_refs: how the user's application calls whoever connected the account, sorted.
        calendars: those that it is limited to, sorted; none: all.
        channel: ``None``: not created yet.
        channel_refused_at: when Cronofy last refused a channel for the scope that the account has:
            it is read at intervals instead.
        profiles: ``None``: not asked for yet.
        is_paused: nothing is read until it is resumed.
        last_read: the last completed read; its start is the account's cursor.
        last_full_read_at: start of the last completed read of the whole window.
        full_read: the one that is under way; ``None``: none is.
        second_look_since: what was notified of changes since then and showed none is looked at once
            more, from then on; ``None``: nothing is.
        covered: what the last completed full read was about.
        added_at: when it came to be: another than before an erasure.
        connected_at: when its grant was given to us last.
        resumed_at: when it was resumed last after a pause.
        trouble: what is kept of that, for who counts; ``None``: nothing.
        announced: the `condition` that the change feed was told last, for certain.
        announcing: the one that it was about to be told, and may have been.
        announcements: number of the last one that was begun.
    """

    account_id: str
    data_center: str
    tokens: Tokens
    state: State = State.CONNECTED
    state_reason: str | None = None
    user_refs: tuple[str, ...] = ()
    calendars: tuple[str, ...] = ()
    channel: Channel | None = None
    channel_refused_at: datetime | None = None
    profiles: tuple[Profile, ...] | None = None
    is_paused: bool = False
    last_read: CompletedRead | None = None
    last_full_read_at: datetime | None = None
    full_read: FullRead | None = None
    second_look_since: datetime | None = None
    covered: Coverage | None = None
    added_at: datetime | None = None
    connected_at: datetime | None = None
    resumed_at: datetime | None = None
    trouble: Trouble | None = None
    announced: str | None = None
    announcing: str | None = None
    announcements: int = 0

    @property
    def wanted(self) -> Coverage:
        """Return what its rows are to be about from now on."""
        return Coverage(scopes.mode_of(self.tokens.scope), self.calendars)

    @property
    def disconnected(self) -> tuple[Profile, ...]:
        """Return the profiles that only the user can connect again, as far as we know."""
        return profiles.disconnected(self.profiles or ())

    @property
    def may_have_missed_changes(self) -> bool:
        """
        Tell whether it was connected or resumed after its last full read began: nothing was read,
        and perhaps nothing notified, before that.
        """
        read_at = self.last_full_read_at
        begun = (self.connected_at, self.resumed_at)
        return read_at is not None and any(at is not None and at > read_at for at in begun)

    @property
    def condition(self) -> str:
        """
        Return what the change feed is told of: ``connected``, or ``disconnected`` with what tells
        one disconnection from another.
        """
        if self.state is State.NEEDS_USER:
            return f"disconnected:{self.state_reason}"
        if not self.disconnected:
            return "connected"
        names = ",".join(sorted(profile.profile_id for profile in self.disconnected))
        return f"disconnected:{hashlib.sha256(names.encode()).hexdigest()[:16]}"


#: Source: https://docs.cronofy.com/developers/data-centers/
DATA_CENTERS = ("us", "uk", "de", "au", "ca", "sg")


def api_url(data_center: str, override: str = "") -> str:
    """
    Return where the account's data center answers, or *override* if there is one; no slash at the
    end.

    Raises:
        SettingsError: there is no such data center.
    """
    return _url("api", data_center, override)


def app_url(data_center: str, override: str = "") -> str:
    """Return where users of the data center give their consent; as `api_url`."""
    return _url("app", data_center, override)


def _url(kind: str, data_center: str, override: str) -> str:
    if override:
        return override.rstrip("/")
    if data_center not in DATA_CENTERS:
        raise SettingsError(f"no Cronofy data center is called {data_center!r}")
    return f"https://{kind}{'' if data_center == 'us' else '-' + data_center}.cronofy.com"
