"""
Connect a calendar: from a signed link to an account that is read.

    link ─▶ Cronofy's consent page ─▶ back with a code ─▶ tokens ─▶ account ─▶ channel ─▶ full read

Nothing is asked of Cronofy before everything that the browser brought has been found genuine.
Beginning anew is always safe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from calendar_mirror import connect_links, consent, messages, queries, screens
from calendar_mirror.accounts import Account, State, app_url
from calendar_mirror.accounts_table import AccountsTable
from calendar_mirror.answers import Grant
from calendar_mirror.authorizations_table import AuthorizationsTable
from calendar_mirror.connect_links import Refusal
from calendar_mirror.credentials import ClientCredentials
from calendar_mirror.cronofy import Cronofy
from calendar_mirror.errors import (
    AwsCallError,
    CalendarMirrorError,
    NeedsUserError,
    SettingsError,
    StoreRefusedError,
    TryAgainError,
    UnexpectedAnswerError,
)
from calendar_mirror.invitations import CONSENT_TIME, Authorization, Invitation
from calendar_mirror.messages import Kind, Message
from calendar_mirror.notifications import is_account_id
from calendar_mirror.screens import Outcome, Reply
from calendar_mirror.tokens import StoredGrant

_REFUSED = {Refusal.FORGED: Outcome.FORGED, Refusal.LATE: Outcome.LATE}


@dataclass(frozen=True, slots=True)
class Request:
    """
    What the browser asks.

    Attributes:
        cookies: values of its ``Cookie`` headers.
    """

    query: Mapping[str, str]
    cookies: Sequence[str]


@dataclass(frozen=True, slots=True)
class Connect:
    """
    Attributes:
        cronofy: opens the API of a data center.
        client: our application's credentials at a data center.
        keys: sign links and states; see `connect_links.keys`.
        send: puts a message on the queue.
        random_text: 128 bits or more that nobody can guess, in letters of an address.
        public_url: where the browser reaches us.
        cronofy_url: a server to use instead of Cronofy's data centers; empty: none.
        scope: what is asked for.
        return_to: origins to which the browser may be sent in the end.
    """

    accounts: AccountsTable
    authorizations: AuthorizationsTable
    cronofy: Callable[[str], Cronofy]
    client: Callable[[str], ClientCredentials]
    keys: Callable[[], Sequence[str]]
    send: Callable[[Message], None]
    now: Callable[[], datetime]
    random_text: Callable[[], str]
    public_url: str
    cronofy_url: str
    scope: str
    return_to: Iterable[str]

    def begin(self, request: Request) -> Reply:
        """Check a link, and send the browser to Cronofy's consent page."""
        try:
            return self._begun(request)
        except SettingsError as error:
            return screens.screen(Outcome.NOT_CONFIGURED, detail=str(error), reason=str(error))
        except (AwsCallError, TryAgainError) as error:
            return screens.screen(Outcome.UNAVAILABLE, reason=str(error))

    def finish(self, request: Request) -> Reply:
        """Take what Cronofy's consent page sent the browser back with."""
        try:
            text = request.query.get("state", "")
            state = connect_links.read_state(text, self.keys(), now=self.now())
            if isinstance(state, Refusal):
                return screens.screen(_REFUSED[state])
            return self._finished(request, text, state)
        except SettingsError as error:
            return screens.screen(Outcome.NOT_CONFIGURED, detail=str(error), reason=str(error))
        except AwsCallError as error:
            return screens.screen(Outcome.UNAVAILABLE, reason=str(error))

    def _begun(self, request: Request) -> Reply:
        keys, now = self.keys(), self.now()
        invitation = connect_links.read_link(request.query.get("link", ""), keys, now=now)
        if isinstance(invitation, Refusal):
            return screens.screen(_REFUSED[invitation])
        if not self._may_return(invitation):
            return screens.screen(Outcome.FOREIGN_RETURN)
        client = self.client(invitation.data_center)
        # The same secret for all tabs of a browser, so that none puts another out of work.
        browser = consent.cookie_of(request.cookies, self.public_url) or self.random_text()
        authorization = Authorization(
            invitation, consent.digest(browser), self.random_text(), now + CONSENT_TIME
        )
        address = consent.authorize_url(
            app_url(invitation.data_center, self.cronofy_url),
            invitation,
            client_id=client.client_id,
            redirect_uri=self._redirect_uri,
            scope=self.scope,
            state=connect_links.state(authorization, keys),
        )
        cookie = consent.set_cookie(browser, self.public_url)
        return screens.redirect(Outcome.REDIRECTED, address, cookies=(cookie,))

    def _finished(self, request: Request, text: str, state: Authorization) -> Reply:
        browser = consent.cookie_of(request.cookies, self.public_url)
        if not consent.is_same_browser(browser, state.browser):
            return screens.screen(Outcome.OTHER_BROWSER)
        if not self._may_return(state.invitation):
            return screens.screen(Outcome.FOREIGN_RETURN)
        error, code = request.query.get("error"), request.query.get("code", "")
        if error == "access_denied":
            return self._screen(Outcome.DENIED, state)
        if error is not None:
            return self._screen(
                Outcome.CONSENT_FAILED, state, detail=error[:100] or "it gave no reason"
            )
        if not consent.is_code(code):
            return self._screen(Outcome.FORGED, state)
        try:
            if not self.authorizations.claim(text, expires_at=state.expires_at):
                return self._screen(Outcome.REPLAYED, state)
            return self._connected(state, code)
        except NeedsUserError as refused:
            return self._screen(Outcome.CODE_REFUSED, state, reason=str(refused))
        except UnexpectedAnswerError as unusable:
            detail = str(unusable)
            return self._screen(Outcome.UNEXPECTED, state, detail=detail, reason=detail)
        except SettingsError as wrong:
            return self._screen(Outcome.NOT_CONFIGURED, state, detail=str(wrong), reason=str(wrong))
        except (TryAgainError, AwsCallError, StoreRefusedError) as busy:
            return self._screen(Outcome.UNAVAILABLE, state, reason=str(busy))

    def _connected(self, state: Authorization, code: str) -> Reply:
        invitation = state.invitation
        cronofy, client = (
            self.cronofy(invitation.data_center),
            self.client(invitation.data_center),
        )
        grant = cronofy.exchange(code, self._redirect_uri, client)
        given = self._stored(self._account_id(grant, cronofy), grant, invitation)
        if isinstance(given, Outcome):
            return self._screen(given, state)
        self._open_channel(given, cronofy, client)
        self.send(messages.request(given.account_id, Kind.FULL, now=self.now(), cause="connect"))
        if invitation.return_to is None:
            return screens.screen(Outcome.CONNECTED)
        return screens.redirect(
            Outcome.CONNECTED, _back(invitation.return_to, Outcome.CONNECTED, given.account_id)
        )

    def _account_id(self, grant: Grant, cronofy: Cronofy) -> str:
        account_id = grant.account_id
        if account_id is None:
            account_id = cronofy.user_info(_Fresh(grant.tokens.access or "")).account_id
        if account_id is None or not is_account_id(account_id):
            raise UnexpectedAnswerError("the grant names no account")
        return account_id

    def _stored(self, account_id: str, grant: Grant, invitation: Invitation) -> Account | Outcome:
        """Return the account as it is now, or why it could not be stored."""
        account = Account(
            account_id, invitation.data_center, grant.tokens, user_refs=(invitation.user_ref,)
        )
        stored = self.accounts.connect(account, connected_at=self.now())
        known = self.accounts.get(account_id)
        if known is None or known.state is State.ERASING:
            return Outcome.BEING_ERASED
        return known if stored else Outcome.OTHER_DATA_CENTER

    def _open_channel(self, account: Account, cronofy: Cronofy, client: ClientCredentials) -> None:
        """
        Create the channel at once, so that nothing is missed; where that fails, the read that
        follows does it. Where it is still open, Cronofy gives the same one; the end of an earlier
        grant may have closed it.
        """
        grant = StoredGrant(
            account_id=account.account_id,
            tokens=account.tokens,
            refresh=lambda token: cronofy.refresh(token, client),
            store=self.accounts,
            now=self.now,
            reserve=cronofy.reserve,
        )
        try:
            address = queries.callback_url(self.public_url, account.account_id)
            channel = cronofy.create_channel(address, grant, calendars=account.calendars)
            self.accounts.remember_channel(account.account_id, channel)
        except CalendarMirrorError:
            return

    def _screen(
        self, outcome: Outcome, state: Authorization, *, detail: str = "", reason: str = ""
    ) -> Reply:
        again = connect_links.link(f"{self.public_url}/connect", state.renewed(), self.keys())
        return_to = state.invitation.return_to
        back = return_to and _back(return_to, outcome)
        return screens.screen(outcome, try_again=again, back=back, detail=detail, reason=reason)

    def _may_return(self, invitation: Invitation) -> bool:
        address = invitation.return_to
        return address is None or consent.may_return_to(address, self.return_to)

    @property
    def _redirect_uri(self) -> str:
        return f"{self.public_url}/connect/callback"


@dataclass(frozen=True, slots=True)
class _Fresh:
    """A token that was given this moment."""

    token: str

    def access_token(self) -> str:
        return self.token

    def renewed(self) -> str:
        raise UnexpectedAnswerError("Cronofy does not accept the token that it has just given")


def _back(address: str, outcome: Outcome, account_id: str = "") -> str:
    account = {"account_id": account_id} if account_id else {}
    return consent.returning(address, calendar_mirror=outcome.value, **account)
