"""Tokens: exchange, refresh, revoke, and application calendars. Source: reference 5."""

import hmac

from cronofy_simulator import enrolment
from cronofy_simulator.state.accounts import Profile
from cronofy_simulator.state.tokens import TokenPair
from cronofy_simulator.wire import Json, Request, Response, answer, empty, invalid
from cronofy_simulator.world import World


def token(world: World, request: Request) -> Response:
    fields = request.fields()
    if fields is None:
        return _refused("invalid_request")
    if not knows_client(world, fields):
        return _wrong_client(world)
    grant = fields.get("grant_type")
    if grant == "authorization_code":
        return _exchange(world, fields)
    if grant == "refresh_token":
        return _refresh(world, fields)
    return _refused("unsupported_grant_type" if grant else "invalid_request")


def revoke(world: World, request: Request) -> Response:
    """RFC 7009: unknown and revoked tokens are answered like the others."""
    fields = request.fields()
    if fields is None:
        return _refused("invalid_request")
    if not knows_client(world, fields):
        return _wrong_client(world)
    account_id = _subject(world, fields)
    if account_id is None:
        return _refused("invalid_request")
    if account_id in world.accounts:
        end_authorization(world, account_id)
        if fields.get("request_pii_erasure") in (True, "true"):
            world.accounts[account_id].events.clear()
    return empty(200)


def application_calendar(world: World, request: Request) -> Response:
    """Creates, or finds, a calendar that Cronofy hosts itself."""
    fields = request.fields()
    if fields is None or not knows_client(world, fields):
        return _wrong_client(world)
    name = fields.get("application_calendar_id")
    if not isinstance(name, str) or not name:
        return invalid({"application_calendar_id": "required"})
    account = enrolment.application_calendar(world, name)
    granted = world.settings.default_scope
    authorization = world.tokens.authorize(account.account_id, granted, "")
    pair = world.tokens.issue(authorization, world.settings, world.now)
    document = _pair(world, pair)
    document["sub"] = account.account_id
    document["application_calendar_id"] = name
    return _granted(document)


def knows_client(world: World, fields: Json) -> bool:
    """Any active secret is accepted, so that secrets can be rotated."""
    secret = str(fields.get("client_secret", "")).encode()
    matches = [hmac.compare_digest(secret, each.encode()) for each in world.settings.client_secrets]
    return fields.get("client_id") == world.settings.client_id and any(matches)


def end_authorization(world: World, account_id: str) -> None:
    world.tokens.revoke_account(account_id)
    if world.settings.revoke_closes_channels:
        for channel in world.channels.open_of(account_id):
            world.close_channel(channel.channel_id, "authorization revoked")


def account_of_request(world: World, request: Request) -> str:
    """Whose token call this is, for the counters; empty if that cannot be told."""
    fields = request.fields() or {}
    for name in ("refresh_token", "token"):
        found = world.tokens.named(str(fields.get(name, "")))
        if found is not None:
            return found.account_id
    code = world.tokens.codes.get(str(fields.get("code", "")))
    return code.authorization.account_id if code else str(fields.get("sub") or "")


def _exchange(world: World, fields: Json) -> Response:
    code, redirect_uri = str(fields.get("code", "")), str(fields.get("redirect_uri", ""))
    authorization = world.tokens.redeem(code, redirect_uri, world.now)
    if authorization is None:
        return _refused("invalid_grant")
    pair = world.tokens.issue(authorization, world.settings, world.now)
    account = world.accounts[authorization.account_id]
    document = _pair(world, pair)
    document["account_id"] = document["sub"] = account.account_id
    profile = account.profiles.get(authorization.profile_id)
    document["linking_profile"] = _linking_profile(profile) if profile else None
    return _granted(document)


def _refresh(world: World, fields: Json) -> Response:
    token = str(fields.get("refresh_token", ""))
    pair = world.tokens.renew(token, world.settings, world.now)
    return _refused("invalid_grant") if pair is None else _granted(_pair(world, pair))


def _pair(world: World, pair: TokenPair) -> Json:
    left = (pair.access.expires_at - world.now).total_seconds()
    return {
        "token_type": "bearer",
        "access_token": pair.access.token,
        "expires_in": int(left),
        "refresh_token": pair.refresh.token,
        "scope": " ".join(pair.authorization.scope),
    }


def _linking_profile(profile: Profile) -> Json:
    return {
        "provider_name": profile.provider_name,
        "provider_service": profile.provider_service,
        "profile_id": profile.profile_id,
        "profile_name": profile.profile_name,
    }


def _granted(document: Json) -> Response:
    return answer(document, 200, Cache_Control="no-store", Pragma="no-cache")


def _refused(error: str, status: int = 400) -> Response:
    return answer({"error": error}, status, Cache_Control="no-store", Pragma="no-cache")


def _wrong_client(world: World) -> Response:
    return _refused("invalid_client", world.settings.invalid_client_status)


def _subject(world: World, fields: Json) -> str | None:
    """Whose authorization to end: `token` wins over `sub`. None when neither is given."""
    if fields.get("token"):
        found = world.tokens.named(str(fields["token"]))
        return found.account_id if found else ""
    return str(fields["sub"]) if fields.get("sub") else None
