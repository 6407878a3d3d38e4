"""The tokens of one account during one run: refreshed when needed, stored before they are used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from calendar_mirror.accounts import Tokens

#: A token this close to its end is refreshed instead of tried.
MARGIN = timedelta(seconds=60)


@dataclass(slots=True)
class StoredGrant:
    """
    Attributes:
        refresh: asks Cronofy for new tokens.
        store: keeps them; both are replaced, since Cronofy may rotate the refresh token too.
    """

    tokens: Tokens
    refresh: Callable[[str], Tokens]
    store: Callable[[Tokens], None]
    now: Callable[[], datetime]

    def access_token(self) -> str:
        """Return a token that is good as far as we know."""
        expires_at = self.tokens.access_expires_at
        if self.tokens.access is None or (expires_at and expires_at - MARGIN <= self.now()):
            return self.renewed()
        return self.tokens.access

    def renewed(self) -> str:
        """
        Refresh, store, and only then hand out.

        A crash in between loses the access token alone, unless Cronofy rotated the refresh token
        with it.
        """
        tokens = self.refresh(self.tokens.refresh)
        self.store(tokens)
        self.tokens = tokens
        return tokens.access or ""
