"""What happens to calendars, from outside or through the API, and the notifications it causes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cronofy_simulator import documents, variety
from cronofy_simulator.instants import seconds
from cronofy_simulator.notifications import announce_change
from cronofy_simulator.state.accounts import Account, Calendar
from cronofy_simulator.state.events import NEVER, Event, Span, Version, span_of
from cronofy_simulator.state.windows import default_window
from cronofy_simulator.wire import Json
from cronofy_simulator.world import World

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a change comes about. Own writes of the application are silent (reference 1.6)."""

    own: bool = False
    quiet: bool = False  # from outside, but this once without a notification

    @property
    def tells(self) -> bool:
        return not (self.own or self.quiet)


OUTSIDE = Manner()
OWN = Manner(own=True)


def create(
    world: World,
    account: Account,
    calendar: Calendar,
    fields: Json,
    *,
    peculiarities: tuple[str, ...] = (),
    zone: str = "Etc/UTC",
    event_uid: str = "",
    manner: Manner = OUTSIDE,
) -> Event | None:
    """An event made by a person. None when start and end make no sense."""
    names = variety.drawn(peculiarities, world.settings, world.rng)
    event_uid = event_uid or world.mint("evt_external_")
    if variety.AT_SIGN_IDS in names:
        event_uid += "@example.com"
    document = documents.external(calendar.calendar_id, event_uid, fields, world.now)
    span = span_of(document)
    if span is None:
        return None
    event = Event(calendar.calendar_id, event_uid, zone=zone)
    account.events[calendar.calendar_id, event_uid] = event
    _commit(world, account, event, variety.apply(names, document), span, manner=manner)
    return event


def upsert_managed(
    world: World, account: Account, calendar: Calendar, event_id: str, fields: Json, zone: str
) -> Event | None:
    """The application's own write."""
    event = account.managed(calendar.calendar_id, event_id)
    if event is not None and not event.latest.deleted:
        event.zone = zone
        return revise(world, account, event, fields, manner=OWN)
    if event is None:
        event = Event(calendar.calendar_id, world.mint("evt_"), event_id, zone)
    document = documents.managed(calendar.calendar_id, event.event_uid, event_id, fields, world.now)
    span = span_of(document)
    if span is None:
        return None
    account.events[calendar.calendar_id, event.event_uid] = event
    _commit(world, account, event, document, span, manner=OWN)
    return event


def revise(
    world: World, account: Account, event: Event, fields: Json, *, manner: Manner = OUTSIDE
) -> Event | None:
    document = documents.revised(event.latest.document, fields, world.now)
    span = span_of(document)
    if span is None:
        return None
    _commit(world, account, event, document, span, manner=manner)
    return event


def delete(world: World, account: Account, event: Event, *, manner: Manner = OUTSIDE) -> None:
    document = documents.revised(event.latest.document, {"deleted": True}, world.now)
    _commit(world, account, event, document, event.latest.span, deleted=True, manner=manner)


def move(
    world: World, account: Account, event: Event, target: Calendar, *, manner: Manner = OUTSIDE
) -> Event:
    """To another calendar, where it may keep its `event_uid` (unconfirmed: a setting)."""
    keeps = world.settings.moved_event_uid == "same"
    event_uid = event.event_uid if keeps else world.mint("evt_external_")
    here = {"calendar_id": target.calendar_id, "event_uid": event_uid}
    document = documents.revised(event.latest.document, here, world.now)
    was_there = account.events.get((target.calendar_id, event_uid))
    arrived = was_there or Event(target.calendar_id, event_uid, event.event_id, event.zone)
    if world.settings.moved_event_leaves_deletion:
        delete(world, account, event, manner=Manner(quiet=True))
    else:
        del account.events[event.calendar_id, event.event_uid]
    account.events[target.calendar_id, event_uid] = arrived
    span = event.latest.span
    _commit(world, account, arrived, document, span, manner=manner, left=event.calendar_id)
    return arrived


def reveal(world: World, account: Account, profile_id: str) -> None:
    """A profile that follows again brings what happened meanwhile."""
    calendar_ids = {each.calendar_id for each in account.calendars_of(profile_id)}
    for event in account.events.values():
        if event.calendar_id in calendar_ids and event.reveal(world.now):
            due_at = world.now + seconds(world.settings.notification_delay)
            touched = (event.calendar_id,)
            announce_change(world, account.account_id, touched, event.is_managed, due_at)


def _commit(
    world: World,
    account: Account,
    event: Event,
    document: Json,
    span: Span,
    *,
    deleted: bool = False,
    manner: Manner = OUTSIDE,
    left: str = "",
) -> None:
    version = _version(world, account, event, document, span, deleted, manner)
    earlier = event.versions[-1].span if event.versions else span
    event.versions.append(version)
    if not manner.tells or version.visible_at == NEVER:
        return
    if not world.settings.notify_outside_window and not event.is_managed:
        window = default_window(world.now, world.settings)
        if not window.holds(span) and not window.holds(earlier):
            return
    touched = (event.calendar_id, left) if left else (event.calendar_id,)
    due_at = _notification_due(world, version.visible_at)
    announce_change(world, account.account_id, touched, event.is_managed, due_at)


def _version(
    world: World,
    account: Account,
    event: Event,
    document: Json,
    span: Span,
    deleted: bool,
    manner: Manner,
) -> Version:
    now = world.now
    visible_at = now + seconds(world.settings.visibility_lag)
    if not manner.own and not account.profile_of(event.calendar_id).follows:
        visible_at = NEVER
    early = world.settings.lag_keeps_modification_time or visible_at == NEVER
    return Version(document, span, deleted, now if early else visible_at, visible_at)


def _notification_due(world: World, visible_at: datetime) -> datetime:
    counted_from = world.now if world.settings.notify_before_visible else visible_at
    return counted_from + seconds(world.settings.notification_delay)
