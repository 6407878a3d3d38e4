"""How a request to the control API finds its function, and how it is refused."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cronofy_simulator.state.accounts import Account
from cronofy_simulator.wire import Json, Request, Response, answer
from cronofy_simulator.world import World

Types = Mapping[str, type | tuple[type, ...]]
NUMBER = (int, float)


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


def of_account(control: AccountControl, types: Types | None = None) -> Control:
    """For paths with an `{account_id}`. `types`: the fields of the body, if no others are taken."""

    def found(world: World, order: Order) -> Response:
        account = world.accounts.get(order.path["account_id"])
        if account is None:
            return refuse(f"no account {order.path['account_id']}", 404)
        return control(world, order, account)

    return found if types is None else taking(found, types)


def taking(control: Control, types: Types) -> Control:
    """Refuses a body with other fields, or with fields of another type."""

    def checked(world: World, order: Order) -> Response:
        unknown = sorted(set(order.fields) - set(types))
        if unknown:
            return refuse(f"not taken: {', '.join(unknown)}; taken: {', '.join(types)}")
        problem = mistyped(order.fields, types)
        return refuse(problem) if problem else control(world, order)

    return checked


def mistyped(fields: Json, types: Types) -> str:
    """What is wrong with a field that is there; null counts as absent."""
    for name, wanted in types.items():
        value = fields.get(name)
        kinds = wanted if isinstance(wanted, tuple) else (wanted,)
        is_other = type(value) not in kinds
        if value is not None and is_other:
            return f"{name} is of type {' or '.join(each.__name__ for each in kinds)}"
    return ""
