"""The tokens of one account during one run: refreshed when needed, stored before they are used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from calendar_mirror.accounts import Tokens
from calendar_mirror.errors import NeedsUserError, StoreBusyError, TryAgainError

#: A token this close to its end is refreshed instead of tried.
MARGIN = timedelta(seconds=60)
#: A refresh is over by then, or whoever made it is gone.
LEASE = timedelta(seconds=30)
#: How often storing is tried: Cronofy may have forgotten the old refresh token already.
_STORE_ATTEMPTS = 5


class TokenStore(Protocol):
    """Where the tokens are kept; `AccountsTable` is one."""

    def tokens(self, account_id: str) -> Tokens: ...

    def lease_refresh(
        self, account_id: str, refresh_token: str, *, now: datetime, until: datetime
    ) -> bool: ...

    def release_refresh(self, account_id: str) -> None: ...

    def store_tokens(self, account_id: str, tokens: Tokens, *, replacing: str) -> bool: ...


def _nothing() -> None:
    """Reserve nothing."""


@dataclass(slots=True)
class StoredGrant:
    """
    An account's tokens, as `store` keeps them. The worker has an account to itself, but an
    operator's command may use its tokens too, and a user can connect it anew at any time.

    Attributes:
        refresh: asks Cronofy for new tokens.
        reserve: gets that call admitted, so that nothing is claimed in vain.
    """

    account_id: str
    tokens: Tokens
    refresh: Callable[[str], Tokens]
    store: TokenStore
    now: Callable[[], datetime]
    reserve: Callable[[], None] = _nothing

    def access_token(self) -> str:
        """Return a token that is good as far as we know."""
        if self.tokens.access is None or self._ends_soon(self.tokens):
            return self.renewed()
        return self.tokens.access

    def renewed(self) -> str:
        """
        Refresh, store, and only then hand out.

        The claim that comes first keeps two from exchanging one token, and shows that the table
        takes writes. A stop between Cronofy's answer and our store loses what was given, which
        ends the grant if Cronofy has replaced the refresh token: the user then connects it anew.

        Raises:
            NeedsUserError: Cronofy does not accept the refresh token, which is the latest.
            TryAgainError: somebody else is refreshing.
        """
        self.reserve()
        now = self.now()
        if not self.store.lease_refresh(
            self.account_id, self.tokens.refresh, now=now, until=now + LEASE
        ):
            return self._of_somebody_else()
        try:
            tokens = self.refresh(self.tokens.refresh)
        except NeedsUserError:
            self.store.release_refresh(self.account_id)
            if self._was_replaced():
                return self.access_token()
            raise
        except Exception:
            self.store.release_refresh(self.account_id)
            raise
        return self._stored(tokens)

    def _stored(self, tokens: Tokens) -> str:
        for attempt in range(1, _STORE_ATTEMPTS + 1):
            try:
                is_kept = self.store.store_tokens(
                    self.account_id, tokens, replacing=self.tokens.refresh
                )
                break
            except StoreBusyError:
                if attempt == _STORE_ATTEMPTS:
                    raise
        if is_kept:
            self.tokens = tokens
            return tokens.access or ""
        return self._of_somebody_else()

    def _of_somebody_else(self) -> str:
        """Return the access token that was stored meanwhile."""
        used = self.tokens.access
        self.tokens = self.store.tokens(self.account_id)
        access = self.tokens.access
        if access is None or access == used or self._ends_soon(self.tokens):
            raise TryAgainError(
                "another refresh of the account's tokens is under way", LEASE.total_seconds()
            )
        return access

    def _was_replaced(self) -> bool:
        used = self.tokens.refresh
        self.tokens = self.store.tokens(self.account_id)
        return self.tokens.refresh != used

    def _ends_soon(self, tokens: Tokens) -> bool:
        expires_at = tokens.access_expires_at
        return expires_at is not None and expires_at - MARGIN <= self.now()
