"""Events as a history of versions, so that a read can see the past for as long as the lag says."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cronofy_simulator.instants import midnight, parse_date, parse_time
from cronofy_simulator.wire import Json

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """From start to end. Of an all-day event: midnights in UTC, to be compared with days."""

    start: datetime
    end: datetime
    all_day: bool


@dataclass(slots=True, eq=False)
class Version:
    """What an event became at `modified_at`; reads show it from `visible_at` on."""

    document: Json
    span: Span
    deleted: bool
    modified_at: datetime
    visible_at: datetime


@dataclass(slots=True, eq=False)
class Event:
    """`event_id` is the application's own id, of events that it manages; else empty."""

    calendar_id: str
    event_uid: str
    event_id: str = ""
    zone: str = "Etc/UTC"
    versions: list[Version] = field(default_factory=list)

    @property
    def is_managed(self) -> bool:
        return bool(self.event_id)

    @property
    def latest(self) -> Version:
        return self.versions[-1]

    def visible(self, now: datetime) -> Version | None:
        for version in reversed(self.versions):
            if version.visible_at <= now:
                return version
        return None

    def earlier_spans(self, now: datetime) -> list[Span]:
        """Where readers could have seen the event until now."""
        return [version.span for version in self.versions if version.visible_at <= now]

    def reveal(self, now: datetime) -> bool:
        """Let the versions that waited for their profile become visible. True if there were any."""
        waiting = [version for version in self.versions if version.visible_at == NEVER]
        for version in waiting:
            version.modified_at = version.visible_at = now
        return bool(waiting)


def span_of(document: Json) -> Span | None:
    """None when start or end is missing, is no Date or Time, or when they do not fit together."""
    start, end = _moment(document.get("start")), _moment(document.get("end"))
    if start is None or end is None or start[1] != end[1] or end[0] < start[0]:
        return None
    return Span(start[0], end[0], start[1])


def _moment(value: Any) -> tuple[datetime, bool] | None:
    text = value.get("time") if isinstance(value, dict) else value
    day = parse_date(text)
    if day is not None:
        return midnight(day), True
    instant = parse_time(text)
    return None if instant is None else (instant, False)
