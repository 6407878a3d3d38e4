"""Accounts with their profiles and calendars."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cronofy_simulator.state.events import Event

EventKey = tuple[str, str]  # calendar_id, event_uid


@dataclass(slots=True)
class Calendar:
    calendar_id: str
    profile_id: str
    calendar_name: str
    readonly: bool = False
    deleted: bool = False
    primary: bool = False
    permission_level: str = "sandbox"


@dataclass(slots=True)
class Profile:
    """`connected` is Cronofy's authoritative flag; without it reads show a stale cache."""

    profile_id: str
    provider_name: str
    provider_service: str
    profile_name: str
    connected: bool = True
    initial_sync_required: bool = False

    @property
    def follows(self) -> bool:
        """Whether changes made at the provider reach Cronofy."""
        return self.connected and not self.initial_sync_required


@dataclass(slots=True)
class Account:
    account_id: str
    email: str
    name: str
    default_tzid: str = "Etc/UTC"
    kind: str = "account"
    application_calendar_id: str = ""
    profiles: dict[str, Profile] = field(default_factory=dict)
    conferencing_profiles: dict[str, Profile] = field(default_factory=dict)
    calendars: dict[str, Calendar] = field(default_factory=dict)
    events: dict[EventKey, Event] = field(default_factory=dict)

    def calendars_of(self, profile_id: str) -> Iterator[Calendar]:
        return (each for each in self.calendars.values() if each.profile_id == profile_id)

    def live_calendars(self) -> list[Calendar]:
        return [each for each in self.calendars.values() if not each.deleted]

    def profile_of(self, calendar_id: str) -> Profile:
        return self.profiles[self.calendars[calendar_id].profile_id]

    def managed(self, calendar_id: str, event_id: str) -> Event | None:
        """The application's own event; deleted ones included, an upsert revives them."""
        for event in self.events.values():
            if event.calendar_id == calendar_id and event.event_id == event_id:
                return event
        return None

    def events_named(self, event_uid: str) -> list[Event]:
        return [each for each in self.events.values() if each.event_uid == event_uid]

    def forget(self, calendar_ids: Iterable[str]) -> None:
        gone = set(calendar_ids)
        self.events = {key: event for key, event in self.events.items() if key[0] not in gone}
