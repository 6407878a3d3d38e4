"""An account: one user's grant, and how far we have read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from calendar_mirror.errors import SettingsError
from calendar_mirror.planning import CompletedRead


class State(StrEnum):
    """
    Whether we can read the account. ``needs_user``: its owner, or you, must do something first.
    """

    CONNECTED = "connected"
    NEEDS_USER = "needs_user"


@dataclass(frozen=True, slots=True)
class Tokens:
    """
    Attributes:
        access: ``None``: not known yet, a refresh gets one.
        access_expires_at: UTC; ``None``: not known, so Cronofy's 401 tells.
    """

    refresh: str = field(repr=False)
    access: str | None = field(default=None, repr=False)
    access_expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """
    Attributes:
        data_center: one of `DATA_CENTERS`.
        state_reason: one word, with ``needs_user``.
        channel_id: Cronofy's id of the channel that notifies us; ``None``: not created yet.
        last_read: the last completed read; its start is the account's cursor.
    """

    account_id: str
    data_center: str
    tokens: Tokens
    state: State = State.CONNECTED
    state_reason: str | None = None
    channel_id: str | None = None
    last_read: CompletedRead | None = None


#: Source: https://docs.cronofy.com/developers/data-centers/
DATA_CENTERS = ("us", "uk", "de", "au", "ca", "sg")


def api_url(data_center: str, override: str = "") -> str:
    """
    Return where the account's data center answers, or *override* if there is one; no slash at the
    end.

    Raises:
        SettingsError: there is no such data center.
    """
    if override:
        return override.rstrip("/")
    if data_center not in DATA_CENTERS:
        raise SettingsError(f"no Cronofy data center is called {data_center!r}")
    return f"https://api{'' if data_center == 'us' else '-' + data_center}.cronofy.com"
