"""What an injected fault does to a call."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cronofy_simulator.state.faults import BEFORE, Fault, FaultKind
from cronofy_simulator.wire import Response
from cronofy_simulator.world import World

HUGE = 900 * 1024  # bytes of description: more than twice what a DynamoDB item may hold


def before(world: World, faults: Sequence[Fault], account_id: str) -> Response | None:
    """The answer of a fault that keeps the call from having an effect, if there is one."""
    stopped = None
    for fault in (each for each in faults if each.kind in BEFORE):
        if fault.kind is FaultKind.EXPIRE_ACCESS:
            world.tokens.expire(account_id, world.now)
        elif fault.kind is FaultKind.EXPIRE_PAGES:
            world.pages.expire(account_id)
        else:
            stopped = stopped or _refusal(fault)
    return stopped


def after(faults: Sequence[Fault], response: Response, rng: random.Random) -> Response:
    """The true answer, spoilt on its way back."""
    for fault in (each for each in faults if each.kind not in BEFORE):
        response = _spoilt(fault, response, rng)
    return response


def _spoilt(fault: Fault, response: Response, rng: random.Random) -> Response:
    match fault.kind:
        case FaultKind.SLOW:
            return replace(response, delay_seconds=response.delay_seconds + fault.seconds)
        case FaultKind.DROP_AFTER:
            return replace(response, dropped=True)
        case FaultKind.TRUNCATED:
            return replace(response, cut_at=len(response.body) // 2)
        case FaultKind.MALFORMED:
            return replace(response, body=response.body[: len(response.body) // 2] + b"<html>")
        case FaultKind.BROKEN_EVENT:
            return _with_broken_event(fault, response, rng)
        case _:
            return _refusal(fault)


def _refusal(fault: Fault) -> Response:
    return Response(
        fault.status,
        fault.headers,
        fault.body.encode(),
        delay_seconds=fault.seconds,
        dropped=fault.kind is FaultKind.DROP_BEFORE,
    )


def _with_broken_event(fault: Fault, response: Response, rng: random.Random) -> Response:
    """One event of the page, chosen by chance, is replaced; the others stay."""
    if response.status != 200:
        return response
    document = response.json()
    events = document.get("events") if isinstance(document, dict) else None
    if not events:
        return response
    chosen = rng.randrange(len(events))
    events[chosen] = _broken(fault.variant, events[chosen])
    return replace(response, body=json.dumps(document).encode())


def _broken(variant: str, event: Any) -> Any:
    if variant == "not_an_object":
        return "event"
    if variant == "huge":
        return {**event, "description": "x" * HUGE}
    if variant == "null_fields":
        return {
            name: None if name not in ("event_uid", "calendar_id") else event[name]
            for name in event
        }
    if variant == "wrong_types":
        return {**event, "start": 7, "end": ["2026"], "deleted": "no", "attendees": "nobody"}
    return {name: each for name, each in event.items() if name not in ("event_uid", "calendar_id")}
