"""The application's writes, to its own events and to others'. Source: reference 3.5."""

from collections.abc import Iterable

from cronofy_simulator import changes
from cronofy_simulator.api.call import Call
from cronofy_simulator.instants import find_zone, parse_date, parse_time
from cronofy_simulator.state.accounts import Account, Calendar
from cronofy_simulator.state.events import Event, span_of
from cronofy_simulator.wire import Json, Problems, Response, empty, invalid
from cronofy_simulator.world import World

STATUSES = ("needs_action", "accepted", "declined", "tentative")
WRITABLE = (
    "summary",
    "description",
    "start",
    "end",
    "location",
    "transparency",
    "categories",
    "event_private",
    "conferencing",
)


def upsert(world: World, call: Call) -> Response:
    fields = call.request.fields()
    calendar = _calendar(call)
    refusal = _refusal(call, calendar, "create_event")
    if fields is None or calendar is None or refusal is not None:
        return refusal or invalid({"event_id": "required"})
    if fields.get("event_uid") and not fields.get("event_id"):
        return _edit_external(world, call, calendar, fields)
    problems = _problems(fields)
    if problems:
        return invalid(problems)
    zone = _zone(fields)
    written = _writable(fields)
    event_id = str(fields["event_id"])
    changes.upsert_managed(world, call.account, calendar, event_id, written, zone)
    return empty(202)


def delete(world: World, call: Call) -> Response:
    fields = call.request.fields()
    calendar = _calendar(call)
    refusal = _refusal(call, calendar, "delete_event")
    if fields is None or calendar is None or refusal is not None:
        return refusal or invalid({"event_id": "required"})
    if fields.get("event_id"):
        event = call.account.managed(calendar.calendar_id, str(fields["event_id"]))
    elif fields.get("event_uid"):
        event = call.account.events.get((calendar.calendar_id, str(fields["event_uid"])))
        refusal = _external_refusal(event, calendar)
    else:
        return invalid({"event_id": "required"})
    if refusal is None and event is not None:
        _delete_all(world, call.account, [event])
    return refusal or empty(202)


def delete_many(world: World, call: Call) -> Response:
    """All managed events, or those of some calendars; in the body, or as pycronofy in the query."""
    if not call.may("delete_event"):
        return empty(403)
    fields = call.request.fields() or {}
    listed = fields.get("calendar_ids") or call.request.parameters("calendar_ids[]")
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        return invalid({"calendar_ids": "invalid_calendar_ids"})
    everything = str(fields.get("delete_all") or call.request.parameter("delete_all")).lower()
    if (everything == "true") == bool(listed):
        return invalid({"delete_all": "required"})
    if any(each not in call.account.calendars for each in listed):
        return invalid({"calendar_ids": "invalid_calendar_ids"})
    chosen = [
        event
        for event in call.account.events.values()
        if event.is_managed and (not listed or event.calendar_id in listed)
    ]
    _delete_all(world, call.account, chosen)
    return empty(202)


def participation_status(world: World, call: Call) -> Response:
    if not call.may("change_participation_status"):
        return empty(403)
    key = (call.path["calendar_id"], call.path["event_uid"])
    event = call.account.events.get(key)
    if event is None or event.latest.deleted:
        return empty(404)
    status = (call.request.fields() or {}).get("status")
    if status not in STATUSES:
        return invalid({"status": "invalid" if status else "required"})
    changed = {"participation_status": status}
    changes.revise(world, call.account, event, changed, manner=changes.OWN)
    return empty(202)


def _calendar(call: Call) -> Calendar | None:
    found = call.account.calendars.get(call.path["calendar_id"])
    return None if found is None or found.deleted else found


def _refusal(call: Call, calendar: Calendar | None, scope: str) -> Response | None:
    if not call.may(scope):
        return empty(403)
    if calendar is None:
        return empty(404)
    if calendar.readonly:
        return empty(403)
    connected = call.account.profiles[calendar.profile_id].connected
    return None if connected else empty(423)


def _edit_external(world: World, call: Call, calendar: Calendar, fields: Json) -> Response:
    event = call.account.events.get((calendar.calendar_id, str(fields["event_uid"])))
    refusal = _external_refusal(event, calendar)
    if event is None or refusal is not None:
        return refusal or empty(404)
    written = _writable(fields)
    if changes.revise(world, call.account, event, written, manner=changes.OWN) is None:
        return invalid({"end": "invalid_time_pair"})
    return empty(202)


def _external_refusal(event: Event | None, calendar: Calendar) -> Response | None:
    if event is None:
        return empty(404)
    if event.is_managed:
        return invalid({"event_uid": "must_be_external_event_uid"})
    return None if calendar.permission_level == "unrestricted" else empty(403)


def _problems(fields: Json) -> Problems:
    needed = ("event_id", "summary", "start", "end")
    problems = {name: "required" for name in needed if not fields.get(name)}
    for name in ("start", "end"):
        if name not in problems and _unlocalized(fields[name]) is None:
            problems[name] = "invalid_time"
    if not problems and span_of(_writable(fields)) is None:
        problems["end"] = "invalid_time_pair"
    if fields.get("tzid") and find_zone(str(fields["tzid"])) is None:
        problems["tzid"] = "tzid_unrecognized"
    return problems


def _unlocalized(value: object) -> str | None:
    """The Date or Time inside; the form in which events are kept."""
    text = value.get("time") if isinstance(value, dict) else value
    if parse_date(text) is None and parse_time(text) is None:
        return None
    return str(text)


def _writable(fields: Json) -> Json:
    written = {name: fields[name] for name in WRITABLE if name in fields}
    for name in ("start", "end"):
        if name in written:
            written[name] = _unlocalized(written[name])
    attendees = fields.get("attendees")
    invited = attendees.get("invite") if isinstance(attendees, dict) else None
    if isinstance(invited, list):
        guests = (each for each in invited if isinstance(each, dict))
        written["attendees"] = [{**each, "status": "needs_action"} for each in guests]
    return written


def _zone(fields: Json) -> str:
    start = fields["start"]
    tzid = start.get("tzid") if isinstance(start, dict) else fields.get("tzid")
    return str(tzid) if tzid and find_zone(str(tzid)) else "Etc/UTC"


def _delete_all(world: World, account: Account, events: Iterable[Event]) -> None:
    for event in list(events):
        if not event.latest.deleted:
            changes.delete(world, account, event, manner=changes.OWN)
