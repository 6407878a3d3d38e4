"""What a check says: all is well, or what is wrong and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is. A warning is for somebody, but nothing stands still because of it."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """
    Attributes:
        check: what was looked at, one word.
        said: the cause, where something is wrong.
        what_to_do: with the command; empty where nothing is wrong.
    """

    check: str
    level: Level
    said: str
    what_to_do: str = ""


def ok(check: str, said: str) -> Finding:
    """Say that all is well."""
    return Finding(check, Level.OK, said)


def warning(check: str, said: str, what_to_do: str) -> Finding:
    """Say what somebody should see to."""
    return Finding(check, Level.WARNING, said, what_to_do)


def error(check: str, said: str, what_to_do: str) -> Finding:
    """Say what is wrong."""
    return Finding(check, Level.ERROR, said, what_to_do)
