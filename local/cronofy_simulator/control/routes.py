"""The control API's paths. Its errors are `{"error": "what is wrong"}` with a 4xx."""

from cronofy_simulator.control import accounts, calendars, events, machinery, profiles, tokens
from cronofy_simulator.control.route import NUMBER, Control, Order, of_account, refuse, taking
from cronofy_simulator.wire import Json, Request, Response, json_object
from cronofy_simulator.world import World

_ACCOUNT = "accounts/{account_id}"
ROUTES: dict[str, Control] = {
    "GET health": machinery.health,
    "GET clock": machinery.show_clock,
    "POST clock": taking(machinery.advance_clock, {"advance_seconds": NUMBER}),
    "GET settings": machinery.show_settings,
    "PATCH settings": machinery.change_settings,
    "GET faults": machinery.list_faults,
    "POST faults": taking(machinery.add_fault, machinery.FAULT),
    "DELETE faults": machinery.clear_faults,
    "DELETE faults/{fault_id}": machinery.remove_fault,
    "GET calls": machinery.show_calls,
    "DELETE calls": machinery.reset_calls,
    "GET deliveries": machinery.list_deliveries,
    "POST accounts": taking(accounts.create, accounts.FIELDS),
    "GET accounts": accounts.index,
    f"GET {_ACCOUNT}": of_account(accounts.show),
    f"DELETE {_ACCOUNT}": of_account(accounts.remove),
    f"POST {_ACCOUNT}/tokens": of_account(tokens.issue, {"scope": str}),
    f"POST {_ACCOUNT}/tokens/expire": of_account(tokens.expire, {}),
    f"POST {_ACCOUNT}/tokens/revoke": of_account(tokens.revoke, {}),
    f"POST {_ACCOUNT}/codes": of_account(tokens.issue_code, {"scope": str, "redirect_uri": str}),
    f"POST {_ACCOUNT}/pages/expire": of_account(tokens.expire_pages, {}),
    f"POST {_ACCOUNT}/calendars": of_account(calendars.create, calendars.FIELDS),
    f"DELETE {_ACCOUNT}/calendars/{{calendar_id}}": of_account(calendars.delete),
    f"POST {_ACCOUNT}/profiles": of_account(profiles.create, profiles.FIELDS),
    f"POST {_ACCOUNT}/profiles/{{profile_id}}/disconnect": of_account(profiles.disconnect),
    f"POST {_ACCOUNT}/profiles/{{profile_id}}/reconnect": of_account(profiles.reconnect),
    f"POST {_ACCOUNT}/profiles/{{profile_id}}/initial_sync_completed": of_account(
        profiles.complete_initial_sync
    ),
    f"POST {_ACCOUNT}/notifications": of_account(profiles.notify, profiles.NOTIFICATION),
    f"GET {_ACCOUNT}/events": of_account(events.truth),
    f"POST {_ACCOUNT}/events": of_account(events.create),
    f"PATCH {_ACCOUNT}/events": of_account(events.bulk, events.BULK),
    f"PATCH {_ACCOUNT}/events/{{event_uid}}": of_account(events.change),
    f"DELETE {_ACCOUNT}/events/{{event_uid}}": of_account(events.delete),
}


def handle(world: World, request: Request) -> Response:
    fields = _fields(request)
    if fields is None:
        return refuse("the body is not a JSON object", 400)
    given = request.segments[1:]
    paths = set()
    for line, control in ROUTES.items():
        method, _, path = line.partition(" ")
        values = _match(path.split("/"), given)
        if values is None:
            continue
        if method == request.method:
            return _done(control, world, Order(request, fields, values))
        paths.add(method)
    if paths:
        return refuse(f"this path takes {', '.join(sorted(paths))}", 405)
    return refuse(f"no control path {request.path}", 404)


def _done(control: Control, world: World, order: Order) -> Response:
    try:
        return control(world, order)
    except OverflowError:
        return refuse("a time or a number is out of range")


def _match(wanted: list[str], given: list[str]) -> dict[str, str] | None:
    if len(wanted) != len(given):
        return None
    values: dict[str, str] = {}
    for name, value in zip(wanted, given, strict=True):
        if name.startswith("{"):
            values[name[1:-1]] = value
        elif name != value:
            return None
    return values


def _fields(request: Request) -> Json | None:
    """Always JSON, whatever the content type: curl says that it sends a form."""
    return json_object(request.body) if request.body.strip() else {}
