"""The days a read covers."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from cronofy_simulator.instants import day_begins, midnight
from cronofy_simulator.settings import Settings
from cronofy_simulator.state.events import Span


@dataclass(frozen=True, slots=True)
class Window:
    """`begins` and `ends` as instants, for events with times; as days, for all-day ones.

    An event is inside when it ends on or after the beginning and starts before the end.
    Source: docs.cronofy.com/developers/api/events/read-events (`to` is exclusive).
    """

    begins: datetime
    ends: datetime
    first_day: datetime
    end_day: datetime
    edge_inclusive: bool = True

    def holds(self, span: Span) -> bool:
        begins, ends = (self.first_day, self.end_day) if span.all_day else (self.begins, self.ends)
        if span.start >= ends:
            return False
        return span.end >= begins if self.edge_inclusive else span.end > begins


def window_of_days(first: date, end: date, zone: ZoneInfo, settings: Settings) -> Window:
    return Window(
        day_begins(first, zone),
        day_begins(end, zone),
        midnight(first),
        midnight(end),
        settings.from_edge_inclusive,
    )


def widest_days(now: datetime, zone: ZoneInfo, settings: Settings) -> tuple[date, date]:
    """The first day that can be read, and the one after the last."""
    today = now.astimezone(zone).date()
    return (
        today - timedelta(days=settings.window_past_days),
        today + timedelta(days=settings.window_future_days),
    )


def default_window(now: datetime, settings: Settings) -> Window:
    zone = ZoneInfo("Etc/UTC")
    return window_of_days(*widest_days(now, zone, settings), zone, settings)
