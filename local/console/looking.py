"""What the page shows of a running stack, beside the events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import requests

from calendar_mirror.records import Record
from demonstration.sight import Sight


@dataclass(frozen=True, slots=True)
class Stations:
    """
    How far things have come, since the stack was brought up.

    Attributes:
        delivered: notifications that `receive` accepted; ``None`` without the simulator.
        calls: of Cronofy's API; ``None`` without the simulator.
    """

    delivered: int | None
    waiting: int
    in_flight: int
    calls: int | None
    writes: int


def has_simulator(sight: Sight) -> bool:
    """Tell whether calendars can be changed here: another provider has no control API."""
    try:
        sight.calendar.call("GET", "health")
    except requests.RequestException:
        return False
    return True


def accounts(sight: Sight) -> list[str]:
    """Return the ids of the accounts that are mirrored, in the order in which they were added."""
    pages = sight.dynamodb.get_paginator("scan").paginate(
        TableName=sight.stack.outputs["AccountsTableName"],
        ProjectionExpression="account_id, added_at",
    )
    found = [item for page in pages for item in page["Items"]]
    found.sort(key=lambda item: str(item.get("added_at")))
    return [item["account_id"] for item in found]


def records(sight: Sight, account_id: str) -> Mapping[str, Record]:
    """Return what the calendars hold now; nothing for an account that the simulator lacks."""
    try:
        return sight.calendar.records(account_id)
    except requests.HTTPError:
        return {}


def stations(sight: Sight, *, simulator: bool) -> Stations:
    """Count what has passed each station."""
    waiting, in_flight = sight.queue.depth()
    delivered = calls = None
    if simulator:
        deliveries = sight.calendar.call("GET", "deliveries")["deliveries"]
        delivered = sum(each["state"] == "delivered" for each in deliveries)
        calls = int(sight.calendar.call("GET", "calls")["total"])
    return Stations(delivered, waiting, in_flight, calls, sight.writes.count())
