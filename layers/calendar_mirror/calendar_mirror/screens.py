"""What the browser of somebody who connects a calendar gets to see."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from html import escape
from string import Template


class Outcome(StrEnum):
    """How a step of connecting ended; a word for metrics and for the address to return to."""

    REDIRECTED = "redirected"
    CONNECTED = "connected"
    DENIED = "denied"
    FORGED = "forged"
    LATE = "late"
    OTHER_BROWSER = "other_browser"
    REPLAYED = "replayed"
    FOREIGN_RETURN = "foreign_return"
    CODE_REFUSED = "code_refused"
    CONSENT_FAILED = "consent_failed"
    BEING_ERASED = "being_erased"
    OTHER_DATA_CENTER = "other_data_center"
    NOT_CONFIGURED = "not_configured"
    UNAVAILABLE = "unavailable"
    UNEXPECTED = "unexpected"


@dataclass(frozen=True, slots=True)
class Reply:
    """
    An HTTP answer.

    Attributes:
        reason: for the log, where *outcome* alone does not say it.
    """

    outcome: Outcome
    status: int
    headers: Mapping[str, str]
    body: str = ""
    cookies: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Text:
    status: int
    title: str
    happened: str
    to_do: str
    is_worth_trying: bool = field(default=False)


_NOTHING = "Nothing was stored."
_ASK = "Go back to the application, and connect your calendar from there again."
_TEXTS = {
    Outcome.CONNECTED: _Text(
        200,
        "Your calendar is connected",
        "Its events will be in place in a moment.",
        "You can close this window.",
    ),
    Outcome.DENIED: _Text(
        200,
        "Your calendar is not connected",
        f"You did not allow access to it. {_NOTHING}",
        "If that was a mistake, try again; otherwise you can close this window.",
        is_worth_trying=True,
    ),
    Outcome.FORGED: _Text(
        403,
        "This address does not work",
        "It is not one that this application has made, or a part of it is missing.",
        _ASK,
    ),
    Outcome.LATE: _Text(
        410,
        "This address is too old",
        f"It worked for a limited time only. {_NOTHING}",
        _ASK,
    ),
    Outcome.OTHER_BROWSER: _Text(
        403,
        "This was begun in another browser",
        f"Connecting a calendar has to end where it began, with cookies allowed. {_NOTHING}",
        _ASK,
    ),
    Outcome.REPLAYED: _Text(
        409,
        "This was finished before",
        "Your answer has been taken already; this page does nothing a second time.",
        "If your calendar does not show in the application, connect it from there again.",
    ),
    Outcome.FOREIGN_RETURN: _Text(
        403,
        "This address does not work",
        "It leads to a site to which this application does not send anybody.",
        "Tell whoever gave it to you. Their settings name the sites that are allowed.",
    ),
    Outcome.CODE_REFUSED: _Text(
        400,
        "Your calendar is not connected",
        f"Cronofy no longer accepts the answer that you gave. {_NOTHING}",
        "Try again.",
        is_worth_trying=True,
    ),
    Outcome.CONSENT_FAILED: _Text(
        400,
        "Your calendar is not connected",
        f"Cronofy could not finish: $detail. {_NOTHING}",
        "Try again; where that does not help, tell whoever runs the application.",
        is_worth_trying=True,
    ),
    Outcome.BEING_ERASED: _Text(
        409,
        "Your calendar is being removed",
        f"Its removal was asked for, and is not finished yet. {_NOTHING}",
        "Try again in a few minutes.",
        is_worth_trying=True,
    ),
    Outcome.OTHER_DATA_CENTER: _Text(
        409,
        "Your calendar is not connected",
        f"It is connected already, in another region. {_NOTHING}",
        "Tell whoever runs the application: the account has to be erased there first.",
    ),
    Outcome.NOT_CONFIGURED: _Text(
        503,
        "Calendars cannot be connected yet",
        f"The application is not set up for this: $detail. {_NOTHING}",
        "Tell whoever runs it.",
    ),
    Outcome.UNAVAILABLE: _Text(
        503,
        "Your calendar is not connected yet",
        "A service that is needed does not answer at the moment.",
        "Try again in a minute; that does no harm, however far this has come.",
        is_worth_trying=True,
    ),
    Outcome.UNEXPECTED: _Text(
        502,
        "Your calendar is not connected",
        f"Cronofy gave an answer that cannot be used: $detail. {_NOTHING}",
        "Try again; where that does not help, tell whoever runs the application.",
        is_worth_trying=True,
    ),
}

_STYLE = (
    "body{font:18px/1.5 system-ui,sans-serif;margin:4rem auto;max-width:34rem;padding:0 1.5rem;"
    "color:#1f2328;background:#fff}h1{font-size:1.6rem;line-height:1.25}"
    "a{display:inline-block;margin:.5rem 1rem 0 0;padding:.5rem 1rem;border-radius:.4rem;"
    "background:#0b57d0;color:#fff;text-decoration:none}"
    "a.back{background:none;color:#0b57d0;box-shadow:inset 0 0 0 1px}"
    "@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}}"
)
_PAGE = Template(
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"><title>$title</title>'
    f"<style>{_STYLE}</style></head>\n"
    '<body data-outcome="$outcome"><h1>$title</h1>\n<p>$happened</p>\n<p>$to_do</p>\n$links'
    "</body></html>\n"
)

_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
#: The page needs nothing from anywhere, is in no frame, and its address is told to nobody.
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def screen(
    outcome: Outcome,
    *,
    try_again: str | None = None,
    back: str | None = None,
    detail: str = "",
    reason: str = "",
) -> Reply:
    """
    Draw the page that says what happened and what to do.

    Args:
        try_again: where another try begins; shown where it makes sense.
        back: the application's own address.
        detail: for outcomes that name one; nothing secret.
        reason: for the log.
    """
    text = _TEXTS[outcome]
    shown = {"Try again": try_again if text.is_worth_trying else None, "Back": back}
    links = "".join(
        f'<a class="{name.split()[0].lower()}" href="{escape(address)}">{name}</a>'
        for name, address in shown.items()
        if address
    )
    body = _PAGE.substitute(
        title=escape(text.title),
        happened=escape(Template(text.happened).safe_substitute(detail=detail)),
        to_do=escape(text.to_do),
        outcome=outcome.value,
        links=links,
    )
    return Reply(outcome, text.status, _HEADERS, body, reason=reason)


def redirect(outcome: Outcome, address: str, *, cookies: tuple[str, ...] = ()) -> Reply:
    """Send the browser elsewhere."""
    headers = {"Location": address, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Reply(outcome, 303, headers, cookies=cookies)
