"""
What Cronofy's answers mean to us.

A refusal becomes the error that says what follows from it. None holds anything that Cronofy sent
but the names of parameters, since bodies hold calendar content.
Source: https://docs.cronofy.com/developers/api/error-codes/
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import NoReturn

from calendar_mirror import documents
from calendar_mirror.accounts import Channel, Tokens
from calendar_mirror.documents import Document, Json
from calendar_mirror.errors import (
    ClientRefusedError,
    CronofyUnavailableError,
    NeedsUserError,
    PageExpiredError,
    RateLimitedError,
    UnexpectedAnswerError,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """
    One HTTP answer.

    Attributes:
        retry_after: the header as it came. Cronofy documents none; what stands before it may send
            one.
        received_at: our clock when it came.
    """

    status: int
    body: bytes = field(repr=False)
    retry_after: str | None
    received_at: datetime

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


def kind_of(status: int) -> str:
    """Return what an answer counts as: ``answered``, ``refused``, ``throttled`` or ``failed``."""
    if status == 429:
        return "throttled"
    if status >= 500:
        return "failed"
    return "answered" if 200 <= status < 300 else "refused"


def document_of(answer: Answer) -> Document:
    """
    Return the JSON object of a successful answer.

    Raises:
        UnexpectedAnswerError: it is none.
    """
    document = _json(answer)
    if not isinstance(document, dict):
        raise UnexpectedAnswerError("Cronofy answered with something that is no JSON object")
    return document


@dataclass(frozen=True, slots=True)
class Grant:
    """
    What a user's consent gave.

    Attributes:
        account_id: ``None``: the answer did not say; UserInfo does.
    """

    account_id: str | None
    tokens: Tokens


def tokens_of(answer: Answer, refresh_token: str | None) -> Tokens:
    """
    Read what the token endpoint gave, in exchange for *refresh_token* (which the answer may replace
    or leave out) or for a code (``None``).

    Source: https://docs.cronofy.com/developers/api/authorization/refresh-token/
    """
    document = document_of(answer)
    access, scope = _text(document.get("access_token")), _text(document.get("scope"))
    refresh = _text(document.get("refresh_token")) or refresh_token
    if access is None or refresh is None:
        missing = "access_token" if access is None else "refresh_token"
        raise UnexpectedAnswerError(f"the token endpoint answered without a {missing}")
    expires_in = document.get("expires_in")
    expires_at = None
    if isinstance(expires_in, int) and 0 <= expires_in < 10**9:
        expires_at = answer.received_at + timedelta(seconds=expires_in)
    return Tokens(refresh, access, expires_at, scope)


def grant_of(answer: Answer) -> Grant:
    """
    Read the answer to the exchange of a code. ``account_id`` and ``sub`` are the same; either may
    be missing.

    Raises:
        UnexpectedAnswerError: it is no grant, or that of a service account, which has no calendar
            of its own.

    Source: https://docs.cronofy.com/developers/api/authorization/request-token/
    """
    document = document_of(answer)
    if document.get("service_account_id") is not None:
        raise UnexpectedAnswerError("a service account was connected; it has no calendar itself")
    account_id = _text(document.get("account_id")) or _text(document.get("sub"))
    return Grant(account_id, tokens_of(answer, None))


def channel_of(document: Json) -> Channel:
    """
    Read a channel. ``filters`` may be missing, or hold nothing.

    Source: https://docs.cronofy.com/developers/api/push-notifications/
    """
    fields = document if isinstance(document, dict) else {}
    channel_id, filters = _text(fields.get("channel_id")), fields.get("filters")
    if channel_id is None:
        raise UnexpectedAnswerError("Cronofy gave a channel without a channel_id")
    limited_to = filters.get("calendar_ids") if isinstance(filters, dict) else None
    calendars = limited_to if isinstance(limited_to, list) else ()
    return Channel(
        channel_id, _text(fields.get("callback_url")), tuple(sorted(map(str, calendars)))
    )


def refuse(answer: Answer, *, later_page: bool = False) -> NoReturn:
    """Raise what an unsuccessful answer to an API call means. *later_page*: it was a page link."""
    status = answer.status
    if status == 429:
        raise RateLimitedError("Cronofy answered 429", _retry_after_s(answer))
    # 402 (the plan lacks the feature) and 423 (a profile is locked) pass when somebody acts.
    if status >= 500 or status in (402, 408, 423):
        raise CronofyUnavailableError(f"Cronofy answered {status}", _retry_after_s(answer))
    if status in (404, 410) and later_page:
        raise PageExpiredError(f"Cronofy answered {status} to a page link")
    if status == 401:
        raise NeedsUserError("unauthorized", "Cronofy answered 401 to a fresh token")
    if status == 403:
        raise NeedsUserError("forbidden", "Cronofy answered 403: the scope is not sufficient")
    complaint = _complaint(answer)
    if status == 422 and "calendar_ids" in complaint:
        raise NeedsUserError(
            "unknown_calendar", "Cronofy does not know a calendar that the account is limited to"
        )
    raise UnexpectedAnswerError(f"Cronofy answered {status} {complaint}".rstrip())


def refuse_grant(answer: Answer, host: str) -> NoReturn:
    """
    Raise what an unsuccessful answer of the token endpoint at *host* means.

    Data centers know nothing of each other's grants and applications, so each refusal names one.
    Wrong client credentials are for the operator to mend, and no account's fault.
    Source: RFC 6749 section 5.2
    """
    document = _json(answer)
    error = document.get("error") if isinstance(document, dict) else None
    if error == "invalid_grant":
        raise NeedsUserError(
            "invalid_grant",
            f"{host} does not accept the grant: it has ended, or is another data center's",
        )
    if error == "invalid_client" or answer.status == 401:
        raise ClientRefusedError(f"{host} does not accept our client id and client secret")
    refuse(answer)


def _json(answer: Answer) -> Json:
    try:
        return documents.parse(answer.body)
    except ValueError:
        return None


def _complaint(answer: Answer) -> str:
    """Name the parameters that a 422 complains of."""
    document = _json(answer)
    errors = document.get("errors") if isinstance(document, dict) else None
    return f"about {', '.join(sorted(errors))}" if isinstance(errors, dict) and errors else ""


def _retry_after_s(answer: Answer) -> float | None:
    """Read ``Retry-After``, whole seconds or a date (RFC 9110 section 10.2.3)."""
    text = answer.retry_after or ""
    try:
        if text.isdigit():
            return float(text)
        return (parsedate_to_datetime(text) - answer.received_at).total_seconds() if text else None
    except (ValueError, TypeError):
        return None


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value else None
