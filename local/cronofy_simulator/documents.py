"""Event documents: how Cronofy fills one, and what a reader is shown of it."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from cronofy_simulator.instants import format_time, parse_time
from cronofy_simulator.settings import Settings
from cronofy_simulator.state.events import Event, Version
from cronofy_simulator.wire import Json

AUDIT = ("created", "updated")


def external(calendar_id: str, event_uid: str, fields: Json, now: datetime) -> Json:
    """An event that a person made. Source of the fields: reference 3.3."""
    document: Json = {
        "calendar_id": calendar_id,
        "event_uid": event_uid,
        "summary": "Meeting",
        "description": "",
        "deleted": False,
        "created": format_time(now),
        "updated": format_time(now),
        "location": {"description": "Board room"},
        "participation_status": "accepted",
        "attendees": [
            {"email": "guest@example.com", "display_name": "A guest", "status": "needs_action"}
        ],
        "organizer": {"email": "host@example.com", "display_name": "A host"},
        "transparency": "opaque",
        "extended_transparency": "opaque",
        "status": "confirmed",
        "categories": [],
        "recurring": False,
        "event_private": False,
        "options": {"delete": True, "update": True, "change_participation_status": True},
    }
    return _overlaid(document, fields)


def managed(calendar_id: str, event_uid: str, event_id: str, fields: Json, now: datetime) -> Json:
    """An event that the application made."""
    document: Json = {
        "calendar_id": calendar_id,
        "event_uid": event_uid,
        "event_id": event_id,
        "summary": "",
        "description": "",
        "deleted": False,
        "created": format_time(now),
        "updated": format_time(now),
        "participation_status": "accepted",
        "attendees": [],
        "transparency": "opaque",
        "status": "confirmed",
        "categories": [],
        "recurring": False,
        "event_private": False,
        "options": {"delete": True, "update": True, "change_participation_status": True},
    }
    return _overlaid(document, fields)


def revised(document: Json, fields: Json, now: datetime) -> Json:
    """`updated` follows, unless audit times are peculiar or the change brings its own."""
    changed = _overlaid(document, fields)
    if "updated" not in fields and not str(document.get("updated", "")).startswith("0000"):
        changed["updated"] = format_time(now)
    return changed


def _overlaid(document: Json, fields: Json) -> Json:
    """A field given as null is taken away."""
    merged = {**document, **fields}
    return {name: value for name, value in merged.items() if value is not None}


def shown(
    event: Event,
    version: Version,
    settings: Settings,
    *,
    localized: bool = False,
    geo: bool = False,
    google_ids: bool = False,
) -> Json:
    """The version as a read returns it. Shares what it can with the stored document."""
    document = version.document
    if version.deleted and settings.deleted_fields == "ids":
        return {name: document[name] for name in ("calendar_id", "event_uid", "deleted")}
    if google_ids:
        document = {"google_event_id": event.event_uid.rpartition("_")[2], **document}
    elif "google_event_id" in document:
        document = {name: each for name, each in document.items() if name != "google_event_id"}
    location = document.get("location")
    if not geo and isinstance(location, dict) and ("lat" in location or "long" in location):
        kept = {name: each for name, each in location.items() if name not in ("lat", "long")}
        document = {**document, "location": kept}
    if localized:
        document = {**document, **_localized(document, event.zone)}
    return document


def _localized(document: Json, tzid: str) -> Json:
    return {
        name: localized_time(document[name], tzid) for name in ("start", "end") if name in document
    }


def localized_time(value: Any, tzid: str) -> Any:
    """`{time, tzid}`; the time with the zone's own offset."""
    instant = parse_time(value)
    if instant is None or tzid == "Etc/UTC":
        return {"time": value, "tzid": tzid} if isinstance(value, str) else value
    local = instant.astimezone(ZoneInfo(tzid))
    return {"time": local.isoformat(timespec="seconds"), "tzid": tzid}
