"""Which events a read returns. Source: reference 3.1."""

import random
from datetime import datetime

from cronofy_simulator.api.queries import Query
from cronofy_simulator.instants import seconds
from cronofy_simulator.settings import Settings
from cronofy_simulator.state.accounts import Account
from cronofy_simulator.state.events import Event, Version

Found = tuple[Event, Version]


def select(
    account: Account, query: Query, settings: Settings, now: datetime, rng: random.Random
) -> list[Found]:
    found = []
    for event in account.events.values():
        version = event.visible(now)
        if version is not None and _returned(event, version, query, settings, now):
            found.append((event, version))
    return _ordered(found, settings, rng)


def _returned(
    event: Event, version: Version, query: Query, settings: Settings, now: datetime
) -> bool:
    if query.calendar_ids is not None and event.calendar_id not in query.calendar_ids:
        return False
    if not _is_wanted_kind(event, query):
        return False
    if version.deleted and not _shows_deleted(version, query, settings, now):
        return False
    since = query.last_modified  # whole seconds, so that the second of a change includes it
    if since is not None and version.modified_at < since:
        return False
    return _is_in_window(event, version, query, now)


def _is_wanted_kind(event: Event, query: Query) -> bool:
    if event.is_managed:
        return query.asks("include_managed") or query.asks("only_managed")
    return not query.asks("only_managed")


def _shows_deleted(version: Version, query: Query, settings: Settings, now: datetime) -> bool:
    if not query.asks("include_deleted"):
        return False
    retention = settings.deleted_retention
    return retention is None or now < version.modified_at + seconds(retention)


def _is_in_window(event: Event, version: Version, query: Query, now: datetime) -> bool:
    if event.is_managed and query.is_default_window:
        return True
    if query.window.holds(version.span):
        return True
    if not query.asks("include_moved"):
        return False
    return any(query.window.holds(span) for span in event.earlier_spans(now))


def _ordered(found: list[Found], settings: Settings, rng: random.Random) -> list[Found]:
    if settings.page_order == "random":
        rng.shuffle(found)
    elif settings.page_order == "modified":
        found.sort(key=lambda pair: (pair[1].modified_at, pair[0].event_uid))
    else:
        found.sort(key=lambda pair: (pair[1].span.start, pair[0].event_uid))
    return found
