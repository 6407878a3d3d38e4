"""The way of a call: who is it, may it come in, what goes wrong, who answers, what is counted."""

from collections.abc import Mapping

from cronofy_simulator.api import faulty
from cronofy_simulator.api.call import Call
from cronofy_simulator.api.oauth import account_of_request
from cronofy_simulator.api.routes import ROUTES, Route
from cronofy_simulator.state.tokens import Authorization
from cronofy_simulator.wire import Request, Response, empty
from cronofy_simulator.world import World


def handle(world: World, request: Request) -> Response:
    segments = request.segments
    for route in ROUTES:
        placeholders = route.match(request.method, segments)
        if placeholders is not None:
            return _counted(world, request, route, placeholders)
    return empty(404)


def _counted(
    world: World, request: Request, route: Route, placeholders: Mapping[str, str]
) -> Response:
    now = world.now
    if route.public is not None:
        account_id = account_of_request(world, request)
    else:
        known = _bearer(world, request)
        account_id = known.account_id if known else ""
    response = _admitted(world, request, route, placeholders, account_id)
    status = 0 if response.dropped else response.status
    world.calls.record(route.name, account_id, status, now)
    return response


def _admitted(
    world: World,
    request: Request,
    route: Route,
    placeholders: Mapping[str, str],
    account_id: str,
) -> Response:
    counts = world.settings.token_calls_count if route.public is not None else bool(account_id)
    if counts and not world.limiter.admits(world.now, world.settings):
        return _throttled(world)
    faults = world.faults.striking(request.method, request.path, account_id, world.now)
    stopped = faulty.before(world, faults, account_id)
    if stopped is not None:
        return stopped
    return faulty.after(faults, _answer(world, request, route, placeholders), world.rng)


def _answer(
    world: World, request: Request, route: Route, placeholders: Mapping[str, str]
) -> Response:
    if route.public is not None:
        return route.public(world, request)
    authorization = _bearer(world, request)
    if authorization is None or route.handler is None:
        return empty(401)
    account = world.accounts[authorization.account_id]
    return route.handler(world, Call(request, placeholders, authorization, account, world.now))


def _bearer(world: World, request: Request) -> Authorization | None:
    scheme, _, token = request.header("authorization").partition(" ")
    if scheme.lower() != "bearer":
        return None
    return world.tokens.authorized_by(token.strip(), world.now)


def _throttled(world: World) -> Response:
    """Source: reference 7.3, no header and no body format is documented."""
    retry_after = world.settings.retry_after
    return Response(429, {} if retry_after is None else {"Retry-After": str(retry_after)})
