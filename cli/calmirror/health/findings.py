"""What a check says: all is well, or what is wrong and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import click
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from calendar_mirror.errors import CalendarMirrorError

_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})


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


def guarded(check: str, look: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """Yield what *look* finds; that it could not be carried out is a finding as well."""
    try:
        yield from look()
    except ClientError as refusal:
        told = refusal.response["Error"]
        if told["Code"] in _DENIED:
            yield warning(
                check,
                f"Your credentials may not do what this check needs: {told.get('Message', '')}",
                "Run it with credentials that may (--profile), or have that action granted.",
            )
        else:
            yield error(
                check,
                f"AWS refused {refusal.operation_name}: {told['Code']}: {told.get('Message', '')}",
                "Look at the stack in CloudFormation's console; `sam deploy` puts back what is "
                "missing.",
            )
    except click.ClickException as failure:
        yield error(
            check, failure.message, "`sam build && sam deploy` brings the stack up to date."
        )
    except (BotoCoreError, ResponseParserError) as failure:
        yield error(check, f"AWS could not be asked: {failure}", "Try again in a minute.")
    except CalendarMirrorError as failure:
        yield error(check, f"It could not be looked at: {failure}", "Try again in a minute.")
