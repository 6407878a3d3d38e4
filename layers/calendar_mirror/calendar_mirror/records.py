"""An event as we keep it: Cronofy's document, and beside it what serves as keys and indexes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from calendar_mirror import documents, instants, origins
from calendar_mirror.documents import Document, Json
from calendar_mirror.errors import MalformedEventError
from calendar_mirror.origins import Origin

#: Version of the item's layout. Raising it rewrites every row at the next full read, which counts
#: as no change of its event. 2: `long_until`, and `layout` itself.
LAYOUT = 2

#: What lasts longer is found by its end; what does not, by its start, so long before.
LONG = timedelta(days=1)

#: How long a deletion stays readable: longer than any message can live (14 days on the queue, 14
#: more in the dead-letter queue), so that nothing replayed can bring the event back.
TOMBSTONE_LIFE = timedelta(days=30)

#: Source: DynamoDB developer guide, "Service, account, and table quotas" (sort key: 1,024 bytes)
_MAX_SORT_KEY_BYTES = 1024

Item: TypeAlias = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Key:
    """
    What identifies an event. ``event_uid`` alone is not promised to be unique across calendars.
    """

    account_id: str
    calendar_id: str
    event_uid: str

    @property
    def sort_key(self) -> str:
        """
        Return the table's sort key: the calendar's id, ``#``, the event's uid.

        A calendar id that holds ``#`` itself has its length before it, so that no two events share
        a key: ``#5#cal#a#uid``. No other key begins with ``#``.
        """
        if "#" in self.calendar_id:
            return f"#{len(self.calendar_id)}#{self.calendar_id}#{self.event_uid}"
        return f"{self.calendar_id}#{self.event_uid}"


@dataclass(frozen=True, slots=True)
class Record:
    """
    One event.

    Attributes:
        start_at, end_at: UTC, ``2026-01-31T09:00:00Z``; a date counts as midnight UTC; ``None``
            where Cronofy gave none, or one that cannot be read. *end_at* is exclusive.
        document: as Cronofy sent it, but for what *truncated* names.
        content_hash: over the document before anything was cut.
        origin: what it was read for, once it is to be written; no part of the content.
    """

    key: Key
    start_at: str | None
    end_at: str | None
    all_day: bool
    deleted: bool
    document: Document
    content_hash: str
    truncated: tuple[str, ...]
    origin: Origin | None = None


def from_cronofy(account_id: str, document: Json) -> Record:
    """
    Read one entry of Cronofy's ``events``. Every field but the two ids may be missing.

    Raises:
        MalformedEventError: an id is missing, or together they are too long for a key; or it is
            nested to the very limit of what can be read.
    """
    key = _key(account_id, document)
    if key is None or not isinstance(document, dict):
        raise MalformedEventError("an event without calendar_id or event_uid")
    if len(key.sort_key.encode()) > _MAX_SORT_KEY_BYTES:
        raise MalformedEventError("calendar_id and event_uid are too long for a key")
    kept, truncated = documents.fit(document)
    return Record(
        key=key,
        start_at=instant_of(document.get("start")),
        end_at=instant_of(document.get("end")),
        all_day=_is_date(document.get("start")),
        deleted=document.get("deleted") is True,
        document=kept,
        content_hash=_content_hash(document),
        truncated=truncated,
    )


def tombstone(key: Key) -> Record:
    """Return what is kept of an event that is gone without Cronofy having said so."""
    document: Document = {
        "calendar_id": key.calendar_id,
        "event_uid": key.event_uid,
        "deleted": True,
    }
    return from_cronofy(key.account_id, document)


@dataclass(frozen=True, slots=True)
class Entries:
    """
    What a page holds.

    Attributes:
        malformed: how many entries cannot be kept.
        unusable: the events that those are about, as far as they say it.
        are_all_named: each of them says it.
    """

    records: tuple[Record, ...]
    malformed: int
    unusable: frozenset[Key]
    are_all_named: bool


def readable(
    account_id: str,
    page: Iterable[Json],
    read: Callable[[str, Json], Record] = from_cronofy,
) -> Entries:
    """Read the entries of a page. One that cannot be kept must not stop the others."""
    found: list[Record] = []
    malformed: list[Json] = []
    for document in page:
        try:
            found.append(read(account_id, document))
        except MalformedEventError:
            malformed.append(document)
    keys = {_key(account_id, document) for document in malformed}
    unusable = frozenset(key for key in keys if key is not None)
    return Entries(tuple(found), len(malformed), unusable, are_all_named=None not in keys)


def to_item(record: Record, *, synced_at: datetime) -> Item:
    """
    Write the item of the events table. A tombstone has no ``start_at``, which keeps it out of the
    index ``by_start``, and an ``expires_at`` (epoch seconds), at which DynamoDB removes it. Only
    what is `LONG` has ``long_until``, and is in the index ``by_long_until``.
    """
    item: Item = {
        "pk": record.key.account_id,
        "sk": record.key.sort_key,
        "account_id": record.key.account_id,
        "calendar_id": record.key.calendar_id,
        "event_uid": record.key.event_uid,
        "all_day": record.all_day,
        "deleted": record.deleted,
        "event": record.document,
        "content_hash": record.content_hash,
        "synced_at": instants.to_text(synced_at),
        "layout": LAYOUT,
    }
    if record.truncated:
        item["truncated"] = list(record.truncated)
    if record.origin:
        item["written_by"] = origins.to_item(record.origin)
    if record.deleted:
        return item | {"expires_at": int((synced_at + TOMBSTONE_LIFE).timestamp())}
    times: dict[str, Json] = {
        "start_at": record.start_at,
        "end_at": record.end_at,
        "long_until": record.end_at if _is_long(record) else None,
    }
    return item | {name: value for name, value in times.items() if value is not None}


def _is_long(record: Record) -> bool:
    if record.start_at is None or record.end_at is None:
        return False
    return instants.parse(record.end_at) - instants.parse(record.start_at) > LONG


def instant_of(value: Json) -> str | None:
    """
    Turn Cronofy's ``start`` or ``end`` into UTC: a date, a time, or ``{"time": …, "tzid": …}``, in
    which ``time`` may be a date as well.

    Source: https://docs.cronofy.com/developers/api/events/read-events/
    """
    if isinstance(value, dict):
        return _instant(value.get("time"), value.get("tzid"))
    return _instant(value, None)


def _instant(value: Json, tzid: Json) -> str | None:
    if not isinstance(value, str):
        return None
    try:
        if _is_date(value):
            midnight = datetime.combine(date.fromisoformat(value), time(), UTC)
            return instants.to_text(midnight)
        moment = datetime.fromisoformat(value)
        return instants.to_text(moment if moment.tzinfo else moment.replace(tzinfo=_zone(tzid)))
    except (ValueError, OverflowError):
        return None


def _is_date(value: Json) -> bool:
    text = value.get("time") if isinstance(value, Mapping) else value
    return isinstance(text, str) and len(text) == len("2026-01-31")


def _zone(tzid: Json) -> tzinfo:
    try:
        return ZoneInfo(tzid) if isinstance(tzid, str) else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def _content_hash(document: Document) -> str:
    try:
        return documents.digest(document)
    except RecursionError as error:
        raise MalformedEventError("an event that is nested too deeply") from error


def _key(account_id: str, document: Json) -> Key | None:
    """Return which event an entry is about; ``None``: it does not say."""
    if not isinstance(document, dict):
        return None
    ids = [document.get(name) for name in ("calendar_id", "event_uid")]
    calendar_id, event_uid = (documents.text(each) if isinstance(each, str) else "" for each in ids)
    return Key(account_id, calendar_id, event_uid) if calendar_id and event_uid else None
