"""The consent page in the browser. Source: reference 5.1."""

from cronofy_simulator.wire import Request, Response, empty
from cronofy_simulator.world import World


def serves(request: Request) -> bool:
    return request.path == "/oauth/authorize"


def handle(world: World, request: Request) -> Response:
    return empty(501)
