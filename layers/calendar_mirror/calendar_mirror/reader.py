"""
Read the mirror: one event, the events of a time, the times in which somebody is busy.

For your own code, in Lambda or elsewhere. It needs the standard library alone, and the events table
as boto3 gives it:

    mirror = MirrorReader(boto3.resource("dynamodb").Table("the output EventsTableName"))

What boto3 raises comes out as it is. docs/reading.md says what each question costs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from calendar_mirror import busy, instants, intervals
from calendar_mirror.documents import Document
from calendar_mirror.intervals import Interval
from calendar_mirror.records import LONG, Key

#: Before every ``start_at``.
_EARLIEST = "0"


@dataclass(frozen=True, slots=True)
class MirroredEvent:
    """
    An event as the table holds it.

    Attributes:
        start_at, end_at: aware, UTC; *end_at* is not within. Of an all-day event, midnight UTC of
            its dates, wherever its owner is. ``None``: Cronofy gave none.
        document: Cronofy's, as it came; numbers as ``Decimal``. Where an account grants busy
            periods alone, such a period.
        truncated: fields of the document that the table could not hold whole.
        synced_at: when the row was written; aware, UTC, whole seconds.
    """

    account_id: str
    calendar_id: str
    event_uid: str
    start_at: datetime | None
    end_at: datetime | None
    all_day: bool
    document: Document
    truncated: tuple[str, ...]
    synced_at: datetime


@dataclass(frozen=True, slots=True)
class MirrorReader:
    """
    Attributes:
        table: boto3's ``Table`` of the events table.
        older_rows: whether rows of the first layout may matter, which do not tell that their event
            is a long one. The past of the account is then read with each question
            (docs/upgrading.md).

    Raises:
        TypeError: *table* is something else, its name for example.
    """

    table: Any
    older_rows: bool = False

    def __post_init__(self) -> None:
        if not hasattr(self.table, "table_name"):
            raise TypeError(
                "table is what boto3.resource('dynamodb').Table(name) returns, not "
                f"{type(self.table).__name__}"
            )

    def event(self, account_id: str, calendar_id: str, event_uid: str) -> MirroredEvent | None:
        """Return an event; ``None``: there is none, or it was deleted."""
        key = {"pk": account_id, "sk": Key(account_id, calendar_id, event_uid).sort_key}
        item = self.table.get_item(Key=key).get("Item")
        return None if item is None or item["deleted"] else _event(item)

    def events_between(
        self,
        account_id: str,
        start: datetime,
        end: datetime,
        *,
        tzid: str = "Etc/UTC",
        calendar_ids: Collection[str] | None = None,
    ) -> Iterator[MirroredEvent]:
        """
        Yield the events that take place between *start* and *end* at least in part, in the order of
        their ``start_at``; what ends at *start*, or starts at *end*, does not. The table is read
        page by page, as far as you go.

        Args:
            start, end: aware.
            tzid: where all-day events begin and end at midnight.
            calendar_ids: the calendars to look at; ``None``: all of the account's.

        Raises:
            TypeError, ValueError: a question that makes no sense, at once.
        """
        asked, where = intervals.asked(start, end), intervals.zone(tzid)
        wanted = _ids(calendar_ids)
        found = self._overlapping(account_id, asked, where)
        return (
            _event(item) for item, _ in found if wanted is None or item["calendar_id"] in wanted
        )

    def busy_between(
        self,
        account_id: str,
        start: datetime,
        end: datetime,
        *,
        tzid: str = "Etc/UTC",
        calendar_ids: Collection[str] | None = None,
    ) -> tuple[Interval, ...]:
        """
        Return when between *start* and *end* the account's owner is not free: what Cronofy's Free
        Busy tells, managed events included, as intervals that neither overlap nor touch.

        Args, Raises: as `events_between`.
        """
        asked, where = intervals.asked(start, end), intervals.zone(tzid)
        wanted = _ids(calendar_ids)
        taken = (
            interval
            for item, interval in self._overlapping(account_id, asked, where)
            if (wanted is None or item["calendar_id"] in wanted) and not busy.is_free(item["event"])
        )
        return tuple(intervals.merged(taken, asked))

    def _overlapping(
        self, account_id: str, asked: Interval, where: tzinfo
    ) -> Iterator[tuple[Mapping[str, Any], Interval]]:
        for item in self._near(account_id, intervals.as_counted(asked, where)):
            interval = intervals.of_event(
                item["start_at"], item.get("end_at"), all_day=item["all_day"], where=where
            )
            if interval.overlaps(asked):
                yield item, interval

    def _near(self, account_id: str, asked: Interval) -> Iterator[Mapping[str, Any]]:
        """
        Yield all rows that may overlap: long ones that began before, then those that began not too
        long before, in order.
        """
        first = instants.to_text(intervals.earlier(asked.start, LONG))
        if self.older_rows:
            first = _EARLIEST
        else:
            since = {":pk": account_id, ":since": instants.to_text(asked.start)}
            long = self._rows("by_long_until", "pk = :pk AND long_until > :since", since)
            begun = (item for item in long if item["start_at"] < first)
            yield from sorted(begun, key=lambda item: str(item["start_at"]))
        between = {":pk": account_id, ":first": first, ":last": instants.to_text(asked.end)}
        yield from self._rows("by_start", "pk = :pk AND start_at BETWEEN :first AND :last", between)

    def _rows(
        self, index: str, condition: str, values: Mapping[str, str]
    ) -> Iterator[Mapping[str, Any]]:
        asked: dict[str, Any] = {
            "IndexName": index,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": values,
        }
        while True:
            answer = self.table.query(**asked)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _event(item: Mapping[str, Any]) -> MirroredEvent:
    start_at, end_at = item.get("start_at"), item.get("end_at")
    return MirroredEvent(
        account_id=item["account_id"],
        calendar_id=item["calendar_id"],
        event_uid=item["event_uid"],
        start_at=instants.parse(start_at) if start_at else None,
        end_at=instants.parse(end_at) if end_at else None,
        all_day=item["all_day"],
        document=item["event"],
        truncated=tuple(item.get("truncated", ())),
        synced_at=instants.parse(item["synced_at"]),
    )


def _ids(calendar_ids: Collection[str] | None) -> frozenset[str] | None:
    if isinstance(calendar_ids, str):
        raise TypeError("calendar_ids are several, in a list for example")
    return None if calendar_ids is None else frozenset(calendar_ids)
