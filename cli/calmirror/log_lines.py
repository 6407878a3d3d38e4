"""What a function wrote into its log, as a line that a person can read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from calendar_mirror import receive
from calendar_mirror.reports import Outcome
from calmirror import printing

#: Functions, in the order in which the data flows.
FUNCTIONS = ("receive", "connect", "reconcile", "sync", "publish")

#: Lines of Lambda itself that tell of no trouble.
_PLATFORM = ("START ", "END ", "REPORT ", "INIT_START ", "EXTENSION ", "RESTORE_")
#: What nobody can read is shown so far.
_SHOWN_CHARACTERS = 200
#: Outcomes that somebody may have to see to.
_TROUBLED = frozenset({Outcome.PUT_BACK, Outcome.NEEDS_USER, Outcome.DEAD_LETTERED})
#: What `receive` answers with an error, which in the end closes a channel.
_REFUSED = frozenset(
    {
        receive.Outcome.UNSIGNED,
        receive.Outcome.FORGED,
        receive.Outcome.TOO_LARGE,
        receive.Outcome.UNAVAILABLE,
    }
)
#: Counts of a report that are worth a word, in this order; those of things, and of what was done.
_THINGS = {"messages": "message", "pages": "page", "calls": "call"}
_DONE = ("written", "deleted", "unchanged", "malformed", "drift")


@dataclass(frozen=True, slots=True)
class Line:
    """
    Attributes:
        account_id: ``None``: it is about none, or does not say about which.
        is_trouble: whether somebody may have to see to it.
    """

    at: datetime
    function: str
    account_id: str | None
    said: str
    is_trouble: bool


def read(function: str, milliseconds: int, message: str) -> Line | None:
    """
    Read one log event; ``None``: it has nothing to tell but numbers for CloudWatch.

    Args:
        milliseconds: since the epoch, when it was written.
    """
    at, text = datetime.fromtimestamp(milliseconds / 1000, UTC), message.strip()
    if not text or text.startswith(_PLATFORM):
        return None
    try:
        document = json.loads(text)
    except ValueError:
        return Line(at, function, None, text.splitlines()[0][:_SHOWN_CHARACTERS], is_trouble=True)
    if not isinstance(document, dict):
        return None
    if "_aws" in document or "outcome" in document:
        said = _notified(document)
        trouble = document.get("outcome") in _REFUSED
        return Line(at, function, None, said, is_trouble=trouble) if said else None
    account_id = document.get("account_id")
    return Line(
        at,
        function,
        account_id if isinstance(account_id, str) else None,
        _said(function, document),
        is_trouble=document.get("level") != "INFO" or document.get("message") in _TROUBLED,
    )


def _notified(document: Mapping[str, Any]) -> str | None:
    """`receive` writes one line, with its metrics and what it made of the notification."""
    if "outcome" not in document or "type" not in document:
        return None
    reason = f" ({document['reason']})" if document.get("reason") else ""
    took = document.get("AcknowledgementTime")
    after = f", answered within {took:g} ms" if isinstance(took, int | float) else ""
    return f"notification {document['type']}: {document['outcome']}{reason}{after}"


def _said(function: str, document: Mapping[str, Any]) -> str:
    message = str(document.get("message", "")).replace("_", " ")
    if document.get("exception_name"):
        return f"{message}: {document['exception_name']}"[:_SHOWN_CHARACTERS]
    if function == "publish":
        trouble = f"; {document['trouble']}" if document.get("trouble") else ""
        return f"{message}: {document.get('entries', 0)} of {document.get('records', 0)}{trouble}"
    if function == "reconcile" and "accounts" in document:
        return f"{message} for {printing.count(document['accounts'], 'account')}"
    done = [f"{document[name]} {name}" for name in _DONE if document.get(name)]
    things = [
        printing.count(document[name], noun) for name, noun in _THINGS.items() if document.get(name)
    ]
    parts = [*([str(document["reason"])] if document.get("reason") else []), *done, *things]
    if isinstance(document.get("freshness_s"), int | float):
        parts.append(f"fresh after {document['freshness_s']:.1f} s")
    return f"{message}: {', '.join(parts)}" if parts else message
