"""Clock, settings, faults, and what can be counted."""

from dataclasses import asdict

from cronofy_simulator.control.route import NUMBER, Order, Types, refuse
from cronofy_simulator.instants import seconds
from cronofy_simulator.settings import changed
from cronofy_simulator.state.calls import CallLog
from cronofy_simulator.state.faults import VARIANTS, Fault, FaultKind
from cronofy_simulator.wire import Json, Response, answer
from cronofy_simulator.world import World

FAULT: Types = {
    "kind": str,
    "outage": bool,
    "lasts_seconds": NUMBER,
    "path": str,
    "method": str,
    "account_id": str,
    "status": int,
    "body": str,
    "headers": dict,
    "seconds": NUMBER,
    "variant": str,
    "probability": NUMBER,
    "after": int,
    "count": int,
}


def health(world: World, order: Order) -> Response:
    return answer({"status": "ok", "now": world.now.isoformat()})


def show_clock(world: World, order: Order) -> Response:
    return answer({"now": world.now.isoformat()})


def advance_clock(world: World, order: Order) -> Response:
    by = order.fields.get("advance_seconds")
    if by is None or by < 0:
        return refuse("advance_seconds is needed, and not below 0")
    advance = getattr(world.clock, "advance", None)
    if advance is None:
        return refuse("this clock cannot be turned", 409)
    advance(float(by))
    world.tick()
    return show_clock(world, order)


def show_settings(world: World, order: Order) -> Response:
    return answer(asdict(world.settings))


def change_settings(world: World, order: Order) -> Response:
    after = changed(world.settings, order.fields)
    if isinstance(after, str):
        return refuse(after)
    world.settings = after
    return show_settings(world, order)


def list_faults(world: World, order: Order) -> Response:
    return answer({"faults": [each.document() for each in world.faults.faults.values()]})


def add_fault(world: World, order: Order) -> Response:
    """`outage`: every call is answered with `status` (503) for `lasts_seconds` (60)."""
    given = {name: each for name, each in order.fields.items() if each is not None}
    if given.pop("outage", False):
        given = {"kind": "status", "lasts_seconds": 60, **given}
    lasts = given.pop("lasts_seconds", None)
    problem = _fault_problem(given)
    if problem:
        return refuse(problem)
    until = None if lasts is None else world.now + seconds(lasts)
    kind = FaultKind(given.pop("kind"))
    fault = Fault(world.mint("flt_"), kind, until=until, **given)
    world.faults.faults[fault.fault_id] = fault
    return answer(fault.document(), 201)


def clear_faults(world: World, order: Order) -> Response:
    world.faults.faults.clear()
    return Response(204)


def remove_fault(world: World, order: Order) -> Response:
    if world.faults.faults.pop(order.path["fault_id"], None) is None:
        return refuse(f"no fault {order.path['fault_id']}", 404)
    return Response(204)


def show_calls(world: World, order: Order) -> Response:
    return answer(world.calls.document())


def reset_calls(world: World, order: Order) -> Response:
    world.calls = CallLog()
    return Response(204)


def list_deliveries(world: World, order: Order) -> Response:
    """Oldest first; `?account_id=` narrows it."""
    wanted = order.request.parameter("account_id")
    parcels = [*world.outbox.done, *world.outbox.waiting.values()]
    shown = [each.document() for each in parcels if wanted in (None, each.account_id)]
    pending = sum(len(each) for each in world.pending.by_channel.values())
    return answer({"deliveries": shown, "pending_changes": pending})


def _fault_problem(given: Json) -> str:
    kinds = [str(each) for each in FaultKind]
    if given.get("kind") not in kinds:
        return f"kind is one of {', '.join(kinds)}"
    if given.get("variant", VARIANTS[0]) not in VARIANTS:
        return f"variant is one of {', '.join(VARIANTS)}"
    if not 200 <= given.get("status", 503) <= 599:
        return "status is an HTTP status"
    if not all(isinstance(each, str) for each in given.get("headers", {}).values()):
        return "headers are strings"
    return ""
