"""Free-busy. Source: reference 4."""

from cronofy_simulator import documents
from cronofy_simulator.api.call import Call
from cronofy_simulator.api.queries import FREE_BUSY_FLAGS, Query, parse
from cronofy_simulator.api.reading import following, paged
from cronofy_simulator.api.selection import select
from cronofy_simulator.state.accounts import Account
from cronofy_simulator.state.events import Event, Version
from cronofy_simulator.wire import Json, Response, empty, invalid
from cronofy_simulator.world import World

KIND = "free_busy"
_BY_TRANSPARENCY = {"opaque": "busy", "transparent": "free"}


def read(world: World, call: Call) -> Response:
    account = call.account
    query = parse(call.request, FREE_BUSY_FLAGS, account.calendars, world.settings, call.now)
    if isinstance(query, dict):
        return invalid(query)
    if not call.may("read_free_busy", "read_events"):
        return empty(403)
    page = world.pages.first(
        account.account_id,
        KIND,
        lambda: periods(world, account, query),
        world.settings,
        call.now,
    )
    return paged(world, call.request, page, KIND)


def read_page(world: World, call: Call) -> Response:
    return following(world, call, KIND)


def periods(world: World, account: Account, query: Query) -> list[Json]:
    """One period for each event, free ones only on request."""
    found = select(account, query, world.settings, world.now, world.rng)
    shown = (_period(event, version, query) for event, version in found)
    return [
        each for each in shown if query.asks("include_free") or each["free_busy_status"] != "free"
    ]


def _period(event: Event, version: Version, query: Query) -> Json:
    document = version.document
    period: Json = {
        "calendar_id": event.calendar_id,
        "start": document["start"],
        "end": document["end"],
        "free_busy_status": _status(document),
    }
    if query.asks("localized_times"):
        for name in ("start", "end"):
            period[name] = documents.localized_time(period[name], event.zone)
    if query.asks("include_ids"):
        period["event_uid"] = event.event_uid
        if event.is_managed:
            period["event_id"] = event.event_id
    if query.asks("include_deleted"):
        period["deleted"] = version.deleted
    return period


def _status(document: Json) -> str:
    """`transparent` never blocks (docs.cronofy.com, FAQ "free slots during booked events")."""
    by_transparency = _BY_TRANSPARENCY.get(str(document.get("transparency", "opaque")), "unknown")
    if by_transparency == "free" or document.get("status") == "cancelled":
        return "free"
    return "tentative" if document.get("status") == "tentative" else by_transparency
