"""What the change feed is told of an event, read from the stream of the events table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeAlias

from calendar_mirror.announcements import SOURCE

#: EventBridge takes 1 MB since January 2026; by its reference, and in other partitions, less than
#: 256 KB. SNS, Step Functions and older queues take no more than that, envelope included, for which
#: the last of them is kept free.
#: Source: https://aws.amazon.com/blogs/compute/more-room-to-build-serverless-services-now-support-payloads-up-to-1-mb
#: and EventBridge API reference, PutEvents
MAX_ENTRY_BYTES = 255 * 1024

#: What is left out of an entry that is too large, the first that suffices. `previous` goes first;
#: but where that alone does not help, it stays, since it can be read nowhere else.
_CUTS = (
    *((), ("previous",), ("event",), ("event", "previous")),
    ("changed", "event", "previous"),
)

#: Source: EventBridge API reference, PutEvents (the integers that it accepts)
_LEAST, _MOST = -(2**63), 2**63 - 1

#: DynamoDB's own JSON: ``{"S": "text"}``, ``{"N": "1.5"}``, ``{"M": {…}}``.
Attribute: TypeAlias = Mapping[str, Any]
Image: TypeAlias = Mapping[str, Attribute]


class EventChange(StrEnum):
    """The detail types of the feed that speak of events."""

    CREATED = "Calendar Event Created"
    UPDATED = "Calendar Event Updated"
    DELETED = "Calendar Event Deleted"


@dataclass(frozen=True, slots=True)
class Write:
    """
    One record of the stream: a row before and after it was written.

    Attributes:
        identity: stays the same however often the record is delivered.
        sequence_number: digits; of two writes of one row, the later has the greater number.
        written_at: epoch seconds, rounded down by DynamoDB.
        before, after: ``None``: there was no row, or there is none any more.
    """

    identity: str
    sequence_number: str
    written_at: float
    before: Image | None
    after: Image | None


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One entry of the feed.

    Attributes:
        detail: JSON.
        subject: what it is about. Entries about one subject must arrive in order.
    """

    detail_type: str
    detail: str
    subject: str

    @property
    def size(self) -> int:
        """
        Return the bytes that EventBridge counts.

        Source: EventBridge user guide, "Calculating PutEvents event entry size"
        """
        return len(f"{SOURCE}{self.detail_type}{self.detail}".encode())


def from_stream(records: Iterable[Mapping[str, Any]]) -> tuple[Write, ...]:
    """Read the records that Lambda hands over."""
    return tuple(
        Write(
            record["eventID"],
            record["dynamodb"]["SequenceNumber"],
            float(record["dynamodb"]["ApproximateCreationDateTime"]),
            record["dynamodb"].get("OldImage"),
            record["dynamodb"].get("NewImage"),
        )
        for record in records
    )


def entry(write: Write, *, table: str) -> Entry | None:
    """
    Return what has to be told of *write*; ``None``: nothing that a calendar's owner would call a
    change.

    A row that is removed, by its expiry or by an erasure, is no change: its event was deleted long
    ago, or nobody is to be told of it.

    Args:
        table: name of the events table, for entries that are too large to hold everything.
    """
    before, after = write.before, write.after
    was_live, is_live = _is_live(before), _is_live(after)
    if after is None or not (was_live or is_live):
        return None
    told = {"event": _json(after["event"])}
    if before is None or not was_live:
        return _entry(EventChange.CREATED, write, after, told, table)
    told["previous"] = _json(before["event"])
    if not is_live:
        return _entry(EventChange.DELETED, write, after, told, table)
    changed = _changed(before, after)
    told["changed"] = json.dumps(changed, ensure_ascii=False)
    return _entry(EventChange.UPDATED, write, after, told, table) if changed else None


def _is_live(image: Image | None) -> bool:
    return image is not None and image.get("deleted") == {"BOOL": False}


def _changed(before: Image, after: Image) -> list[str]:
    """Name the fields that differ; where the row holds only parts of some, those may be it."""
    was, now = before["event"]["M"], after["event"]["M"]
    differing = {name for name in {*was, *now} if was.get(name) != now.get(name)}
    if not differing and before.get("content_hash") != after.get("content_hash"):
        differing = {each["S"] for each in after.get("truncated", {"L": []})["L"]}
    return sorted(differing)


def _entry(
    change: EventChange, write: Write, row: Image, told: Mapping[str, str], table: str
) -> Entry:
    """Write the entry, as whole as it may be; *told* is JSON, by name."""
    about = {name: row[name]["S"] for name in ("account_id", "calendar_id", "event_uid")}
    known = {
        **about,
        "synced_at": row["synced_at"]["S"],
        "change_id": write.identity,
        "sequence_number": write.sequence_number,
    }
    for cut in _CUTS:
        left_out = [name for name in cut if name in told]
        parts = {name: json.dumps(text, ensure_ascii=False) for name, text in known.items()}
        parts |= {name: text for name, text in told.items() if name not in left_out}
        if left_out:
            whole = {"name": table, "pk": row["pk"]["S"], "sk": row["sk"]["S"]}
            parts["truncated"] = json.dumps(left_out)
            parts["table"] = json.dumps(whole, ensure_ascii=False)
        written = Entry(change.value, _object(parts), "\n".join(about.values()))
        if written.size <= MAX_ENTRY_BYTES:
            break
    return written


def _json(attribute: Attribute) -> str:
    """Write a value as JSON. Numbers are taken digit by digit, so that none is rounded."""
    ((kind, value),) = attribute.items()
    match kind:
        case "M":
            return _object({name: _json(each) for name, each in sorted(value.items())})
        case "L":
            return f"[{', '.join(_json(each) for each in value)}]"
        case "N":
            return str(value) if _LEAST <= Decimal(value) <= _MOST else json.dumps(value)
        case "NULL":
            return "null"
        case _:
            return json.dumps(value, ensure_ascii=False)


def _object(parts: Mapping[str, str]) -> str:
    members = (f"{json.dumps(name, ensure_ascii=False)}: {text}" for name, text in parts.items())
    return f"{{{', '.join(members)}}}"
