"""Authorizations and the codes and tokens that stand for them."""

import random
from dataclasses import dataclass, field
from datetime import datetime

from cronofy_simulator.identifiers import opaque
from cronofy_simulator.instants import seconds
from cronofy_simulator.settings import Settings

REUSE_NEEDS_SECONDS = 600  # Source: reference 5.3, a compatible vendor's notes


@dataclass(slots=True, eq=False)
class AccessToken:
    token: str
    authorization: "Authorization"
    expires_at: datetime


@dataclass(slots=True, eq=False)
class RefreshToken:
    """`replaced_at` is set once a refresh has handed out its successor."""

    token: str
    authorization: "Authorization"
    replaced_at: datetime | None = None


@dataclass(slots=True, eq=False)
class Authorization:
    """What one account granted. `profile_id` is the profile connected last."""

    account_id: str
    scope: tuple[str, ...]
    profile_id: str = ""
    revoked: bool = False
    access: list[AccessToken] = field(default_factory=list)
    refresh: list[RefreshToken] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Code:
    code: str
    authorization: Authorization
    redirect_uri: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TokenPair:
    access: AccessToken
    refresh: RefreshToken

    @property
    def authorization(self) -> Authorization:
        return self.access.authorization


@dataclass(slots=True)
class TokenBook:
    rng: random.Random
    authorizations: dict[str, list[Authorization]] = field(default_factory=dict)  # by account
    access: dict[str, AccessToken] = field(default_factory=dict)
    refresh: dict[str, RefreshToken] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)

    def authorized_by(self, access_token: str, now: datetime) -> Authorization | None:
        found = self.access.get(access_token)
        if found is None or found.authorization.revoked or found.expires_at <= now:
            return None
        return found.authorization

    def of(self, account_id: str) -> Authorization | None:
        """The account's latest authorization that holds."""
        given = self.authorizations.get(account_id, [])
        return next((each for each in reversed(given) if not each.revoked), None)

    def authorize(self, account_id: str, scope: tuple[str, ...], profile_id: str) -> Authorization:
        """An account that is authorized already keeps its authorization, with the new scope.

        Source: reference 5.1, linked users "may share account_id and refresh_token".
        """
        found = self.of(account_id)
        if found is None:
            found = Authorization(account_id, scope)
            self.authorizations.setdefault(account_id, []).append(found)
        found.scope, found.profile_id = scope, profile_id
        return found

    def issue(
        self, authorization: Authorization, settings: Settings, now: datetime, refresh: str = ""
    ) -> TokenPair:
        """A first pair, or a further access token beside the refresh token there is."""
        access = self._mint_access(authorization, settings, now)
        if not authorization.refresh:
            self._mint_refresh(authorization, refresh)
        return TokenPair(access, authorization.refresh[-1])

    def issue_code(
        self, authorization: Authorization, redirect_uri: str, settings: Settings, now: datetime
    ) -> Code:
        expires_at = now + seconds(settings.code_lifetime)
        code = Code(opaque(self.rng), authorization, redirect_uri, expires_at)
        self.codes[code.code] = code
        return code

    def redeem(self, code: str, redirect_uri: str, now: datetime) -> Authorization | None:
        """A code works once, and only with the redirect URI it was asked for with."""
        found = self.codes.pop(code, None)
        if found is None or found.redirect_uri != redirect_uri or found.expires_at <= now:
            return None
        return None if found.authorization.revoked else found.authorization

    def renew(self, refresh_token: str, settings: Settings, now: datetime) -> TokenPair | None:
        found = self.refresh.get(refresh_token)
        if found is None or not _usable(found, settings, now):
            return None
        authorization = found.authorization
        access = self._access_for_refresh(authorization, settings, now)
        if not settings.refresh_rotates:
            return TokenPair(access, found)
        authorization.refresh[-1].replaced_at = now
        return TokenPair(access, self._mint_refresh(authorization))

    def expire(self, account_id: str, now: datetime) -> int:
        """End the access tokens of an account, and say how many. Refresh tokens go on working."""
        ended = 0
        for authorization in self.authorizations.get(account_id, []):
            for each in authorization.access:
                ended += each.expires_at > now
                each.expires_at = min(each.expires_at, now)
        return ended

    def revoke_account(self, account_id: str) -> None:
        for each in self.authorizations.get(account_id, []):
            each.revoked = True

    def named(self, token: str) -> Authorization | None:
        """By an access or a refresh token, expired and replaced ones included."""
        found = self.refresh.get(token) or self.access.get(token)
        return None if found is None else found.authorization

    def _access_for_refresh(
        self, authorization: Authorization, settings: Settings, now: datetime
    ) -> AccessToken:
        if settings.reuse_access_token and authorization.access:
            latest = authorization.access[-1]
            if latest.expires_at >= now + seconds(REUSE_NEEDS_SECONDS):
                return latest
        if settings.refresh_ends_old_access_token:
            self.expire(authorization.account_id, now)
        self._drop_expired(authorization, now)
        return self._mint_access(authorization, settings, now)

    def _drop_expired(self, authorization: Authorization, now: datetime) -> None:
        """The newest stays, so that `named` goes on knowing an expired token of an open grant."""
        for each in authorization.access[:-1]:
            if each.expires_at <= now:
                authorization.access.remove(each)
                del self.access[each.token]

    def _mint_access(
        self, authorization: Authorization, settings: Settings, now: datetime
    ) -> AccessToken:
        expires_at = now + seconds(settings.expires_in)
        minted = AccessToken(opaque(self.rng), authorization, expires_at)
        authorization.access.append(minted)
        self.access[minted.token] = minted
        return minted

    def _mint_refresh(self, authorization: Authorization, token: str = "") -> RefreshToken:
        minted = RefreshToken(token or opaque(self.rng), authorization)
        authorization.refresh.append(minted)
        self.refresh[minted.token] = minted
        return minted


def _usable(found: RefreshToken, settings: Settings, now: datetime) -> bool:
    if found.authorization.revoked:
        return False
    grace = settings.old_refresh_token_grace
    if found.replaced_at is None or grace is None:
        return True
    return now < found.replaced_at + seconds(grace)
