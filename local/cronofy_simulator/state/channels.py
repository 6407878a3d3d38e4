"""Notification channels, and how a channel dies of silence."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from cronofy_simulator.instants import seconds
from cronofy_simulator.settings import Settings
from cronofy_simulator.wire import Json


@dataclass(frozen=True, slots=True)
class Filters:
    """`calendar_ids` empty: all calendars. `stated`: the filters exactly as they were asked for."""

    calendar_ids: tuple[str, ...] = ()
    only_managed: bool = False
    stated: str = ""

    def match(self, calendar_ids: Iterable[str], is_managed: bool) -> bool:
        if self.only_managed and not is_managed:
            return False
        return not self.calendar_ids or any(each in self.calendar_ids for each in calendar_ids)

    def document(self) -> Json:
        """Filters left at their default are omitted. Source: reference 2.2."""
        shown: Json = {}
        if self.calendar_ids:
            shown["calendar_ids"] = list(self.calendar_ids)
        if self.only_managed:
            shown["only_managed"] = True
        return shown


@dataclass(slots=True)
class Channel:
    """`failing_since`: the first failed attempt after the last success."""

    channel_id: str
    account_id: str
    callback_url: str
    filters: Filters
    failing_since: datetime | None = None
    closed: str = ""  # why, if it is

    @property
    def is_open(self) -> bool:
        return not self.closed

    def identity(self, settings: Settings) -> tuple[object, ...]:
        if settings.channel_identity == "exact":
            return (self.callback_url, self.filters.stated)
        filters = self.filters
        return (self.callback_url, frozenset(filters.calendar_ids), filters.only_managed)

    def document(self, settings: Settings) -> Json:
        document: Json = {"channel_id": self.channel_id, "callback_url": self.callback_url}
        filters = self.filters.document()
        if filters or settings.empty_filters == "object":
            document["filters"] = filters
        return document


@dataclass(slots=True)
class ChannelBook:
    """Closed channels are remembered, for tests that send to one all the same."""

    channels: dict[str, Channel] = field(default_factory=dict)
    by_account: dict[str, list[Channel]] = field(default_factory=dict)
    failing: dict[str, Channel] = field(default_factory=dict)

    def add(self, channel: Channel) -> None:
        self.channels[channel.channel_id] = channel
        self.by_account.setdefault(channel.account_id, []).append(channel)

    def open_of(self, account_id: str) -> list[Channel]:
        return [each for each in self.by_account.get(account_id, []) if each.is_open]

    def identical(self, wanted: Channel, settings: Settings) -> Channel | None:
        identity = wanted.identity(settings)
        for each in self.open_of(wanted.account_id):
            if each.identity(settings) == identity:
                return each
        return None

    def succeeded(self, channel: Channel) -> None:
        channel.failing_since = None
        self.failing.pop(channel.channel_id, None)

    def failed(self, channel: Channel, now: datetime) -> None:
        if channel.failing_since is None:
            channel.failing_since = now
        self.failing[channel.channel_id] = channel

    def silent(self, now: datetime, settings: Settings) -> list[Channel]:
        """Source: reference 1.5, 24 hours without a success close the channel, unannounced."""
        limit = now - seconds(settings.retry_window)
        return [
            each
            for each in self.failing.values()
            if each.failing_since is not None and each.failing_since <= limit
        ]

    def close(self, channel: Channel, reason: str) -> None:
        channel.closed = channel.closed or reason
        self.failing.pop(channel.channel_id, None)
