"""What is read of an account: what its grant allows, and what is wanted of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    """
    How an account is read: its events, or, where its grant hides their details, busy periods.
    """

    EVENTS = "events"
    FREE_BUSY = "free_busy"


@dataclass(frozen=True, slots=True)
class Coverage:
    """
    What rows are about.

    Attributes:
        calendars: the calendars that are mirrored, sorted; none: all of the account's.
    """

    mode: Mode = Mode.EVENTS
    calendars: tuple[str, ...] = ()


#: All calendars of an account, with their details.
ALL_EVENTS = Coverage()

# Source: https://docs.cronofy.com/developers/api/authorization/request-authorization/
_READS_EVENTS = frozenset({"read_events", "read_only", "read_write"})
_READS_FREE_BUSY = frozenset({"read_free_busy", "free_busy", "free_busy_write"})


def mode_of(scope: str | None) -> Mode:
    """
    Tell how an account with *scope* (space separated, as granted) is read. Where it is not known,
    as events: Cronofy's answer tells.
    """
    granted = frozenset((scope or "").split())
    if granted & _READS_FREE_BUSY and not granted & _READS_EVENTS:
        return Mode.FREE_BUSY
    return Mode.EVENTS
