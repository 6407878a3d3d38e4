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
from calendar_mirror.accounts import Tokens
from calendar_mirror.documents import Document, Json
from calendar_mirror.errors import (
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


def tokens_of(answer: Answer, refresh_token: str) -> Tokens:
    """
    Read the answer to a refresh of *refresh_token*, which the answer may replace or leave out.

    Source: https://docs.cronofy.com/developers/api/authorization/refresh-token/
    """
    document = document_of(answer)
    access, refresh = document.get("access_token"), document.get("refresh_token")
    if not isinstance(access, str) or not access:
        raise UnexpectedAnswerError("the token endpoint answered without an access_token")
    expires_in = document.get("expires_in")
    expires_at = None
    if isinstance(expires_in, int) and 0 <= expires_in < 10**9:
        expires_at = answer.received_at + timedelta(seconds=expires_in)
    return Tokens(
        refresh=refresh if isinstance(refresh, str) and refresh else refresh_token,
        access=access,
        access_expires_at=expires_at,
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
    raise UnexpectedAnswerError(f"Cronofy answered {status} {_complaint(answer)}".rstrip())


def refuse_refresh(answer: Answer) -> NoReturn:
    """
    Raise what an unsuccessful answer of the token endpoint means.

    Wrong client credentials are for the operator to mend, and no account's fault.
    Source: RFC 6749 section 5.2
    """
    document = _json(answer)
    error = document.get("error") if isinstance(document, dict) else None
    if error == "invalid_grant":
        raise NeedsUserError("invalid_grant", "Cronofy no longer accepts the refresh token")
    if error == "invalid_client" or answer.status == 401:
        raise CronofyUnavailableError("Cronofy does not accept our client id and client secret")
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
