"""Events made, changed and deleted by people, and the truth about them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cronofy_simulator import changes, variety
from cronofy_simulator.api.queries import EVENT_FLAGS, parse
from cronofy_simulator.api.reading import read_all
from cronofy_simulator.changes import Manner
from cronofy_simulator.control.route import NUMBER, Order, Types, mistyped, refuse
from cronofy_simulator.instants import find_zone, format_time, parse_date, parse_time
from cronofy_simulator.state.accounts import Account, Calendar
from cronofy_simulator.state.events import Event
from cronofy_simulator.wire import Json, Request, Response, answer
from cronofy_simulator.world import World

MOST_AT_ONCE = 10_000
OWN_FIELDS: Types = {
    "count": int,
    "series": (str, bool),
    "every_seconds": NUMBER,
    "move_seconds": NUMBER,
    "variety": list,
    "tzid": str,
    "quiet": bool,
    "managed": bool,
    "calendar_id": str,
    "event_uid": str,
    "event_id": str,
}
BULK: Types = {
    "where": dict,
    "count": int,
    "changes": dict,
    "delete": bool,
    "notifications": str,
    "quiet": bool,
}
BAD_SPAN = "start and end are Dates or Times, of one sort, and end is not before start"


def truth(world: World, order: Order, account: Account) -> Response:
    """What a full read with include_managed would return now; other read parameters are taken."""
    given = [("tzid", "Etc/UTC"), ("include_managed", "true"), *order.request.query]
    request = Request("GET", "/v1/events", given)
    query = parse(request, EVENT_FLAGS, account.calendars, world.settings, world.now)
    if isinstance(query, dict):
        return refuse(", ".join(f"{name}: {key}" for name, key in query.items()))
    return answer({"events": read_all(world, account, query)})


def create(world: World, order: Order, account: Account) -> Response:
    """One event, or `count` of them; with `series` they share a series_identifier."""
    fields = order.fields
    calendar = _calendar(account, fields)
    problem = _problem(fields, calendar)
    if calendar is None or problem:
        return refuse(problem)
    if (calendar.calendar_id, fields.get("event_uid")) in account.events:
        return refuse(f"the calendar has an event {fields['event_uid']} already", 409)
    series = str(fields["series"]) if fields.get("series") else ""
    if fields.get("series") is True:
        series = world.mint("ser_")
    made = [
        _create_one(world, account, calendar, fields, number, series)
        for number in range(_count(fields))
    ]
    if None in made:
        return refuse(BAD_SPAN)
    return answer({"events": [each.latest.document for each in made if each is not None]}, 201)


def change(world: World, order: Order, account: Account) -> Response:
    """Fields replaced, `move_seconds` in time, another `calendar_id`: one change of all at once."""
    found = account.events_named(order.path["event_uid"])
    live = [each for each in found if not each.latest.deleted]
    if not live:
        return refuse(f"the account has no event {order.path['event_uid']}", 404)
    problem = mistyped(order.fields, OWN_FIELDS)
    if problem:
        return refuse(problem)
    changed = _change_one(world, account, live[-1], order.fields, _manner(order.fields))
    return refuse(changed) if isinstance(changed, str) else answer(changed.latest.document)


def delete(world: World, order: Order, account: Account) -> Response:
    found = account.events_named(order.path["event_uid"])
    live = [each for each in found if not each.latest.deleted]
    if not live:
        return refuse(f"the account has no event {order.path['event_uid']}", 404)
    manner = Manner(quiet=order.request.parameter("quiet") == "true")
    changes.delete(world, account, live[-1], manner=manner)
    return Response(204)


def bulk(world: World, order: Order, account: Account) -> Response:
    """`changes` or `delete` to up to `count` events like `where`; `notifications`: each, one."""
    fields = order.fields
    chosen = _chosen(account, fields.get("where") or {}, fields.get("count") or MOST_AT_ONCE)
    changed = fields.get("changes") or {}
    problem = mistyped(changed, OWN_FIELDS)
    for event in chosen if not problem else ():
        is_told = fields.get("notifications") != "one" or event is chosen[-1]
        manner = Manner(quiet=not is_told or bool(fields.get("quiet")))
        if fields.get("delete"):
            changes.delete(world, account, event, manner=manner)
            continue
        outcome = _change_one(world, account, event, changed, manner)
        problem = outcome if isinstance(outcome, str) else problem
    return refuse(problem) if problem else answer({"changed": [e.event_uid for e in chosen]})


def _create_one(
    world: World, account: Account, calendar: Calendar, fields: Json, number: int, series: str
) -> Event | None:
    shown = {name: each for name, each in fields.items() if name not in OWN_FIELDS}
    shown |= _times(world, fields, number)
    if _count(fields) > 1 and "summary" in fields and not series:
        shown["summary"] = f"{fields['summary']} {number + 1}"
    if series:
        shown |= {"recurring": True, "series_identifier": series}
    zone = str(fields.get("tzid") or "Etc/UTC")
    if fields.get("managed"):
        event_id = str(fields.get("event_id") or world.mint("own-"))
        return changes.upsert_managed(world, account, calendar, event_id, shown, zone)
    return changes.create(
        world,
        account,
        calendar,
        shown,
        peculiarities=tuple(fields.get("variety") or ()),
        zone=zone,
        event_uid=str(fields.get("event_uid") or ""),
        manner=_manner(fields),
    )


def _change_one(
    world: World, account: Account, event: Event, fields: Json, manner: Manner
) -> Event | str:
    shown = {name: each for name, each in fields.items() if name not in OWN_FIELDS}
    if fields.get("move_seconds"):
        moved = _moved(event.latest.document, float(fields["move_seconds"]))
        shown = {**moved, **shown}
    target = fields.get("calendar_id")
    if target and target != event.calendar_id:
        calendar = account.calendars.get(str(target))
        if calendar is None or calendar.deleted:
            return f"the account has no calendar {target}"
        unseen = Manner(quiet=True)
        if shown and changes.revise(world, account, event, shown, manner=unseen) is None:
            return BAD_SPAN
        return changes.move(world, account, event, calendar, manner=manner)
    changed = changes.revise(world, account, event, shown, manner=manner)
    return changed or BAD_SPAN


def _calendar(account: Account, fields: Json) -> Calendar | None:
    live = account.live_calendars()
    named = fields.get("calendar_id")
    return next((each for each in live if named in (None, each.calendar_id)), None)


def _problem(fields: Json, calendar: Calendar | None) -> str:
    problem = mistyped(fields, OWN_FIELDS)
    if problem:
        return problem
    if calendar is None:
        return f"the account has no calendar {fields.get('calendar_id', '')}"
    if not 0 < _count(fields) <= MOST_AT_ONCE:
        return f"count is at least 1 and at most {MOST_AT_ONCE}"
    if fields.get("event_uid") and _count(fields) > 1:
        return "several events cannot have one event_uid"
    if any(each not in variety.NAMES for each in fields.get("variety") or ()):
        return f"variety is of {', '.join(variety.NAMES)}"
    if fields.get("tzid") and find_zone(fields["tzid"]) is None:
        return f"there is no zone {fields['tzid']}"
    return ""


def _count(fields: Json) -> int:
    given = fields.get("count")
    return 1 if given is None else int(given)


def _times(world: World, fields: Json, number: int) -> Json:
    """Given, or tomorrow at nine; each of several `every_seconds` after the one before."""
    tomorrow = world.now.astimezone(UTC).date() + timedelta(days=1)
    nine = datetime(tomorrow.year, tomorrow.month, tomorrow.day, 9, tzinfo=UTC)
    start = fields.get("start") or format_time(nine)
    end = fields.get("end") or _later(start, 86400 if parse_date(start) else 3600)
    given = fields.get("every_seconds")
    default = 86400 if fields.get("series") or parse_date(start) else 900
    shift = float(default if given is None else given) * number
    return {"start": _later(start, shift), "end": _later(end, shift)}


def _moved(document: Json, seconds: float) -> Json:
    return {name: _later(document.get(name), seconds) for name in ("start", "end")}


def _later(value: Any, seconds: float) -> Any:
    """A Date moves by whole days; what is no Date or Time stays, to be refused where it is used."""
    if isinstance(value, dict):
        return {**value, "time": _later(value.get("time"), seconds)}
    day = parse_date(value)
    if day is not None:
        return (day + timedelta(seconds=seconds)).isoformat()
    instant = parse_time(value)
    return value if instant is None else format_time(instant + timedelta(seconds=seconds))


def _chosen(account: Account, where: Json, count: int) -> list[Event]:
    """Live events whose documents have the values that `where` names."""
    live = (each for each in account.events.values() if not each.latest.deleted)
    like = [
        each
        for each in live
        if all(each.latest.document.get(name) == value for name, value in where.items())
    ]
    return like[: max(count, 0)]


def _manner(fields: Json) -> Manner:
    return Manner(quiet=bool(fields.get("quiet", False)))
