"""
Talk to Cronofy over HTTP: one data center.

Source: https://docs.cronofy.com/developers/api/
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from urllib.parse import quote, urlsplit

import requests

from calendar_mirror import answers, profiles, queries
from calendar_mirror.accounts import Channel, Tokens
from calendar_mirror.answers import Answer, Grant
from calendar_mirror.credentials import ClientCredentials
from calendar_mirror.documents import Json
from calendar_mirror.errors import CronofyUnavailableError, UnexpectedAnswerError
from calendar_mirror.planning import ReadPlan
from calendar_mirror.profiles import UserInfo
from calendar_mirror.queries import Query
from calendar_mirror.scopes import Mode

#: Seconds to connect, and to wait for the next byte of an answer.
TIMEOUT_S = (3.05, 20.0)

#: More pages than any window holds; a server that never ends its list must not keep us for ever.
MAX_PAGES = 10_000

# Where a read goes, what it is called, and which field of a page holds what was read.
_READS = {
    Mode.EVENTS: ("/v1/events", "Read Events", "events"),
    Mode.FREE_BUSY: ("/v1/free_busy", "Free Busy", "free_busy"),
}


class AccessGrant(Protocol):
    """The access token of one account, and the way to a new one."""

    def access_token(self) -> str: ...

    def renewed(self) -> str: ...


class Gate(Protocol):
    """
    Asked before each call, and told when it was one too many; raises `TryAgainError` where the call
    must not be made now. `Admission` is one.
    """

    def __call__(self) -> None: ...

    def refused(self) -> None: ...

    def headroom(self) -> float | None: ...


class OpenGate:
    """Admits every call."""

    def __call__(self) -> None:
        """Admit."""

    def refused(self) -> None:
        """Take no notice."""

    def headroom(self) -> float | None:
        """Not known."""
        return None


@dataclass(frozen=True, slots=True)
class Page:
    """
    One answer to a plan: documents of events, or of busy periods, as received.

    Attributes:
        number: which page it is, from 1.
        total: how many there are, as Cronofy says; ``None``: it does not. Only a hint.
    """

    number: int
    events: tuple[Json, ...]
    total: int | None = None


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    url: str
    params: Query = ()
    json: Mapping[str, object] | None = None


@dataclass(slots=True)
class Cronofy:
    """
    Cronofy's API at *url* (no slash at the end).

    Attributes:
        tally: HTTP calls that were made, for the report: ``calls``, and of them those that were
            ``answered``, ``refused``, ``throttled``, ``failed`` and ``unanswered``.
    """

    url: str
    session: requests.Session
    now: Callable[[], datetime]
    admit: Gate = field(default_factory=OpenGate)
    timeout_s: tuple[float, float] = TIMEOUT_S
    tally: Counter[str] = field(default_factory=lambda: Counter(calls=0))
    _reserved: bool = field(default=False)

    def reserve(self) -> None:
        """
        Get the next call admitted ahead of time, before something is done that only it is good for.

        Raises:
            TryAgainError: it must not be made now.
        """
        if not self._reserved:
            self.admit()
            self._reserved = True

    def pages(self, plan: ReadPlan, grant: AccessGrant) -> Iterator[Page]:
        """
        Yield the pages of a read, lazily, one in memory at a time.

        Raises:
            PageExpiredError: the link to a later page no longer works: start the read again.
        """
        path, name, what = _READS[plan.coverage.mode]
        call = _Call("GET", f"{self.url}{path}", queries.read(plan))
        seen: set[str] = set()
        for number in range(1, MAX_PAGES + 1):
            answer = self._authorized(call, grant)
            if not answer.is_success:
                answers.refuse(answer, later_page=number > 1)
            document = answers.document_of(answer)
            found, pages = document.get(what), document.get("pages")
            if not isinstance(found, list):
                raise UnexpectedAnswerError(f"{name} answered without a list of {what}")
            yield Page(number, tuple(found), _total(pages))
            link = pages.get("next_page") if isinstance(pages, dict) else None
            if not link:
                return
            call = _Call("GET", queries.page_of(link, self.url))
            if call.url in seen:
                raise UnexpectedAnswerError(f"{name} links to a page that was read already")
            seen.add(call.url)
        raise UnexpectedAnswerError(f"{name} did not end after {MAX_PAGES} pages")

    def create_channel(
        self, address: str, grant: AccessGrant, *, calendars: tuple[str, ...] = ()
    ) -> Channel:
        """
        Create a channel that notifies *address*, or get the identical one.

        Source: https://docs.cronofy.com/developers/api/push-notifications/create-channel/
        """
        body = queries.channel(address, calendars)
        answer = self._successful(_Call("POST", f"{self.url}/v1/channels", json=body), grant)
        created = answers.channel_of(answers.document_of(answer).get("channel"))
        return Channel(created.channel_id, address, calendars)

    def channels(self, grant: AccessGrant) -> tuple[Channel, ...]:
        """
        List the account's open channels, ours and those of other parts of the application.

        Source: https://docs.cronofy.com/developers/api/push-notifications/list-channels/
        """
        answer = self._successful(_Call("GET", f"{self.url}/v1/channels"), grant)
        found = answers.document_of(answer).get("channels")
        if not isinstance(found, list):
            raise UnexpectedAnswerError("List Channels answered without a list of channels")
        return tuple(answers.channel_of(each) for each in found)

    def close_channel(self, channel_id: str, grant: AccessGrant) -> None:
        """
        Close a channel; one that Cronofy does not know is closed already.

        Source: https://docs.cronofy.com/developers/api/push-notifications/close-channel/
        """
        call = _Call("DELETE", f"{self.url}/v1/channels/{quote(channel_id, safe='')}")
        answer = self._authorized(call, grant)
        if not answer.is_success and answer.status not in (404, 410):
            answers.refuse(answer)

    def user_info(self, grant: AccessGrant) -> UserInfo:
        """
        Ask what Cronofy knows of the account: its profiles, and what is granted.

        Source: https://docs.cronofy.com/developers/api/identity/userinfo/
        """
        answer = self._successful(_Call("GET", f"{self.url}/v1/userinfo"), grant)
        return profiles.user_info(answers.document_of(answer))

    def refresh(self, refresh_token: str, client: ClientCredentials) -> Tokens:
        """
        Exchange *refresh_token*. The answer may replace it, and may repeat the access token.

        Raises:
            NeedsUserError: the grant was revoked, or is another application's or data center's.

        Source: https://docs.cronofy.com/developers/api/authorization/refresh-token/
        """
        answer = self._token_call("/oauth/token", queries.refresh(refresh_token, client))
        return answers.tokens_of(answer, refresh_token)

    def exchange(self, code: str, redirect_uri: str, client: ClientCredentials) -> Grant:
        """
        Exchange the code that a user's consent gave.

        Raises:
            NeedsUserError: the code was used already, is too old, or was given for another address.

        Source: https://docs.cronofy.com/developers/api/authorization/request-token/
        """
        answer = self._token_call("/oauth/token", queries.exchange(code, redirect_uri, client))
        return answers.grant_of(answer)

    def revoke(self, refresh_token: str, client: ClientCredentials, *, pii_erasure: bool) -> None:
        """
        End the grant; one that has ended already is as good.

        Args:
            pii_erasure: also ask Cronofy to erase what it holds of the user.

        Source: https://docs.cronofy.com/developers/api/authorization/revoke/
        """
        body = queries.revocation(refresh_token, client, pii_erasure=pii_erasure)
        self._token_call("/oauth/token/revoke", body)

    def _token_call(self, path: str, body: Mapping[str, object]) -> Answer:
        answer = self._answer(_Call("POST", f"{self.url}{path}", json=body), {})
        if not answer.is_success:
            answers.refuse_grant(answer, urlsplit(self.url).netloc)
        return answer

    def _successful(self, call: _Call, grant: AccessGrant) -> Answer:
        answer = self._authorized(call, grant)
        if not answer.is_success:
            answers.refuse(answer)
        return answer

    def _authorized(self, call: _Call, grant: AccessGrant) -> Answer:
        """Call with the account's token; on 401 renew it once and call once more."""
        answer = self._answer(call, _bearer(grant.access_token()))
        if answer.status == 401:
            answer = self._answer(call, _bearer(grant.renewed()))
        return answer

    def _answer(self, call: _Call, headers: Mapping[str, str]) -> Answer:
        self.reserve()
        self._reserved = False
        self.tally["calls"] += 1
        try:
            # No redirects: they would carry a body with secrets to who knows where.
            response = self.session.request(
                call.method,
                call.url,
                params=list(call.params),
                json=call.json,
                headers=headers,
                auth=_as_it_is,
                timeout=self.timeout_s,
                allow_redirects=False,
            )
        except (requests.RequestException, UnicodeError) as error:
            self.tally["unanswered"] += 1
            # Not "from error": its text can hold the secret link to a page.
            raise CronofyUnavailableError(f"no answer: {type(error).__name__}") from None
        self.tally[answers.kind_of(response.status_code)] += 1
        if response.status_code == 429:
            self.admit.refused()
        retry_after = response.headers.get("Retry-After")
        return Answer(response.status_code, response.content, retry_after, self.now())


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep a ``.netrc`` of whoever runs the command from replacing the account's token."""
    return request


def _total(pages: Json) -> int | None:
    total = pages.get("total") if isinstance(pages, dict) else None
    return total if isinstance(total, int) else None


def _bearer(token: str) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {token}"}
