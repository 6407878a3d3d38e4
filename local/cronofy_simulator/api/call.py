"""One authenticated call, as a handler sees it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from cronofy_simulator.state.accounts import Account
from cronofy_simulator.state.scopes import allows
from cronofy_simulator.state.tokens import Authorization
from cronofy_simulator.wire import Request, Response
from cronofy_simulator.world import World


@dataclass(frozen=True, slots=True)
class Call:
    """`path` holds the decoded values of the route's placeholders."""

    request: Request
    path: Mapping[str, str]
    authorization: Authorization
    account: Account
    now: datetime

    def may(self, *scopes: str) -> bool:
        return allows(self.authorization.scope, *scopes)


Handler = Callable[[World, Call], Response]
PublicHandler = Callable[[World, Request], Response]
