"""Tokens, codes and page links, issued and ended from outside."""

from cronofy_simulator.api.oauth import end_authorization
from cronofy_simulator.control.route import Order
from cronofy_simulator.state.accounts import Account
from cronofy_simulator.state.tokens import Authorization
from cronofy_simulator.wire import Json, Response, answer
from cronofy_simulator.world import World


def issue(world: World, order: Order, account: Account) -> Response:
    """Authorized anew, with another scope if one is given."""
    authorization = _authorized(world, order, account)
    world.tokens.issue(authorization, world.settings, world.now)
    return answer(latest_tokens(world, account), 201)


def expire(world: World, order: Order, account: Account) -> Response:
    return answer({"expired": world.tokens.expire(account.account_id, world.now)})


def revoke(world: World, order: Order, account: Account) -> Response:
    end_authorization(world, account.account_id)
    return Response(204)


def issue_code(world: World, order: Order, account: Account) -> Response:
    """As if the user had consented in a browser."""
    authorization = _authorized(world, order, account)
    redirect_uri = order.fields.get("redirect_uri") or ""
    code = world.tokens.issue_code(authorization, redirect_uri, world.settings, world.now)
    return answer({"code": code.code}, 201)


def expire_pages(world: World, order: Order, account: Account) -> Response:
    return answer({"expired": world.pages.expire(account.account_id)})


def scope_of(world: World, fields: Json) -> tuple[str, ...]:
    return tuple((fields.get("scope") or world.settings.scope).split())


def latest_tokens(world: World, account: Account) -> Json:
    """Null where the authorization is revoked."""
    authorization = world.tokens.of(account.account_id)
    if authorization is None or not authorization.access:
        return dict.fromkeys(("access_token", "refresh_token", "scope", "expires_in"))
    access = authorization.access[-1]
    return {
        "access_token": access.token,
        "refresh_token": authorization.refresh[-1].token,
        "scope": " ".join(authorization.scope),
        "expires_in": int((access.expires_at - world.now).total_seconds()),
    }


def _authorized(world: World, order: Order, account: Account) -> Authorization:
    profile_id = next(iter(account.profiles), "")
    return world.tokens.authorize(account.account_id, scope_of(world, order.fields), profile_id)
