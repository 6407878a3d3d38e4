"""A busy period as we keep it: like an event, without its details."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from calendar_mirror import records
from calendar_mirror.documents import Json
from calendar_mirror.errors import MalformedEventError
from calendar_mirror.records import Record


def from_cronofy(account_id: str, document: Json) -> Record:
    """
    Read one entry of Cronofy's ``free_busy``. A period in which nobody is busy counts as deleted.

    Where Cronofy does not say which event it belongs to, its times stand for it.

    Raises:
        MalformedEventError: as for events.

    Source: https://docs.cronofy.com/developers/api/events/free-busy/
    """
    if not isinstance(document, dict):
        raise MalformedEventError("a period that is no object")
    uid = document.get("event_uid") or _made_up(document)
    record = records.from_cronofy(account_id, document | {"event_uid": uid})
    return replace(record, deleted=True) if is_free(document) else record


def is_free(document: Mapping[str, Json]) -> bool:
    """
    Tell whether an event, or a period, leaves its owner's time free, as Free Busy does. Whether it
    was accepted or declined does not matter there.

    Source: https://docs.cronofy.com/developers/faqs/availability/free-slots-during-booked-events/
    """
    status = document.get("free_busy_status")
    if status is not None:
        return status == "free"
    return document.get("status") == "cancelled" or document.get("transparency") == "transparent"


def _made_up(document: dict[str, Json]) -> str:
    start, end = (records.instant_of(document.get(name)) for name in ("start", "end"))
    if start is None or end is None:
        raise MalformedEventError("a period without an id and without times")
    return f"period_{start}_{end}"
