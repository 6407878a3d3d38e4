"""
Talk to Cronofy over HTTP: one account's grant at one data center.

Source: https://docs.cronofy.com/developers/api/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from urllib.parse import quote, urlsplit

import requests

from calendar_mirror import answers, instants
from calendar_mirror.accounts import DATA_CENTERS, Tokens, api_url
from calendar_mirror.answers import Answer
from calendar_mirror.credentials import ClientCredentials
from calendar_mirror.documents import Json
from calendar_mirror.errors import CronofyUnavailableError, UnexpectedAnswerError
from calendar_mirror.planning import ReadPlan

#: Seconds to connect, and to wait for the next byte of an answer.
TIMEOUT_S = (3.05, 20.0)

#: More pages than any window holds; a server that never ends its list must not keep us for ever.
MAX_PAGES = 10_000

_CRONOFY_HOSTS = frozenset(urlsplit(api_url(name)).netloc for name in DATA_CENTERS)


class Grant(Protocol):
    """The access token of one account, and the way to a new one."""

    def access_token(self) -> str: ...

    def renewed(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Page:
    """One answer to a plan: event documents as received, and which page it was (from 1)."""

    number: int
    events: tuple[Json, ...]


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    url: str
    params: tuple[tuple[str, str], ...] = ()
    json: Mapping[str, object] | None = None


@dataclass(slots=True)
class Cronofy:
    """
    Cronofy's API at *url* (no slash at the end).

    Attributes:
        calls: how many HTTP calls were made, for the report.
    """

    url: str
    session: requests.Session
    now: Callable[[], datetime]
    calls: int = field(default=0)

    def pages(self, plan: ReadPlan, grant: Grant) -> Iterator[Page]:
        """
        Yield the pages of Read Events, lazily, one in memory at a time.

        Raises:
            PageExpiredError: the link to a later page no longer works: start the read again.
        """
        call = _Call("GET", f"{self.url}/v1/events", _query(plan))
        seen: set[str] = set()
        for number in range(1, MAX_PAGES + 1):
            answer = self._authorized(call, grant, later_page=number > 1)
            document = answers.document_of(answer)
            events, pages = document.get("events"), document.get("pages")
            if not isinstance(events, list):
                raise UnexpectedAnswerError("Read Events answered without a list of events")
            yield Page(number, tuple(events))
            link = pages.get("next_page") if isinstance(pages, dict) else None
            if not link:
                return
            call = _Call("GET", self._own(link))
            if call.url in seen:
                raise UnexpectedAnswerError("Read Events links to a page that was read already")
            seen.add(call.url)
        raise UnexpectedAnswerError(f"Read Events did not end after {MAX_PAGES} pages")

    def create_channel(self, address: str, grant: Grant) -> str:
        """
        Create a channel that notifies *address*, or get the identical one; return its id.

        Source: https://docs.cronofy.com/developers/api/push-notifications/create-channel/
        """
        call = _Call("POST", f"{self.url}/v1/channels", json={"callback_url": address})
        channel = answers.document_of(self._authorized(call, grant)).get("channel")
        channel_id = channel.get("channel_id") if isinstance(channel, dict) else None
        if not isinstance(channel_id, str):
            raise UnexpectedAnswerError("Create Channel answered without a channel_id")
        return channel_id

    def refresh(self, refresh_token: str, client: ClientCredentials) -> Tokens:
        """
        Exchange *refresh_token*. The answer may replace it, and may repeat the access token.

        Raises:
            NeedsUserError: the grant was revoked, or is another application's or data center's.

        Source: https://docs.cronofy.com/developers/api/authorization/refresh-token/
        """
        body = {
            "client_id": client.client_id,
            "client_secret": client.secrets[0],
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
        }
        answer = self._answer(_Call("POST", f"{self.url}/oauth/token", json=body), {})
        if not answer.is_success:
            answers.refuse_refresh(answer)
        return answers.tokens_of(answer, refresh_token)

    def _authorized(self, call: _Call, grant: Grant, *, later_page: bool = False) -> Answer:
        """Call with the account's token; on 401 renew it once and call once more."""
        answer = self._answer(call, _bearer(grant.access_token()))
        if answer.status == 401:
            answer = self._answer(call, _bearer(grant.renewed()))
        if not answer.is_success:
            answers.refuse(answer, later_page=later_page)
        return answer

    def _answer(self, call: _Call, headers: Mapping[str, str]) -> Answer:
        self.calls += 1
        try:
            # No redirects: they would carry a body with secrets to who knows where.
            response = self.session.request(
                call.method,
                call.url,
                params=list(call.params),
                json=call.json,
                headers=headers,
                auth=_as_it_is,
                timeout=TIMEOUT_S,
                allow_redirects=False,
            )
        except (requests.RequestException, UnicodeError) as error:
            # Not "from error": its text can hold the secret link to a page.
            raise CronofyUnavailableError(f"no answer: {type(error).__name__}") from None
        retry_after = response.headers.get("Retry-After")
        return Answer(response.status_code, response.content, retry_after, self.now())

    def _own(self, link: Json) -> str:
        """
        Return the page's address at our own host, so that the token goes nowhere else.

        Links name Cronofy's host, or ours where a server stands in for Cronofy; others are refused.
        """
        try:
            address = urlsplit(link if isinstance(link, str) else "")
        except ValueError:
            raise UnexpectedAnswerError("Read Events gave an unreadable page link") from None
        if address.netloc not in {urlsplit(self.url).netloc, *_CRONOFY_HOSTS}:
            raise UnexpectedAnswerError(
                "Read Events gave a page link to a host that is not Cronofy's"
            )
        return f"{self.url}{address.path}" + (f"?{address.query}" if address.query else "")


def callback_url(public_url: str, account_id: str) -> str:
    """Return the address that Cronofy notifies for an account. `notifications` reads it back."""
    return f"{public_url}/notifications/{quote(account_id, safe='')}"


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep a ``.netrc`` of whoever runs the command from replacing the account's token."""
    return request


def _bearer(token: str) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _query(plan: ReadPlan) -> tuple[tuple[str, str], ...]:
    """
    Ask for all there is to know: deletions, moves out of the window and what the application wrote
    itself are left out by default.

    Source: https://docs.cronofy.com/developers/api/events/read-events/
    """
    flags = ("include_deleted", "include_moved", "include_managed")
    query = (("tzid", "Etc/UTC"), *((flag, "true") for flag in flags))
    if plan.last_modified is None:
        return query
    return (*query, ("last_modified", instants.to_text(plan.last_modified)))
