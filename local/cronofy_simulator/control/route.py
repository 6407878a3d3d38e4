"""How a request to the control API finds its function, and how it is refused."""

from collections.abc import Callable
from dataclasses import dataclass

from cronofy_simulator.state.accounts import Account
from cronofy_simulator.wire import Json, Request, Response, answer
from cronofy_simulator.world import World


@dataclass(frozen=True, slots=True)
class Order:
    """`fields`: the JSON body. `path`: the values of the placeholders."""

    request: Request
    fields: Json
    path: dict[str, str]


Control = Callable[[World, Order], Response]
AccountControl = Callable[[World, Order, Account], Response]


def refuse(problem: str, status: int = 422) -> Response:
    return answer({"error": problem}, status)


def of_account(control: AccountControl) -> Control:
    """For paths with an `{account_id}`."""

    def found(world: World, order: Order) -> Response:
        account = world.accounts.get(order.path["account_id"])
        if account is None:
            return refuse(f"no account {order.path['account_id']}", 404)
        return control(world, order, account)

    return found
