"""Channels: create, list, close. Source: reference 2."""

import json
from typing import Any
from urllib.parse import urlsplit

from cronofy_simulator.api.call import Call
from cronofy_simulator.notifications import post
from cronofy_simulator.state.channels import Channel, Filters
from cronofy_simulator.wire import Json, Problems, Response, answer, empty, invalid
from cronofy_simulator.world import World


def create(world: World, call: Call) -> Response:
    if not world.settings.push_in_plan:
        return empty(402)
    fields = call.request.fields()
    problems = {"callback_url": "required"} if fields is None else _problems(world, call, fields)
    if fields is None or problems:
        return invalid(problems)
    filters = _filters(fields)
    if not filters.only_managed and not call.may(*world.settings.channel_scopes):
        return empty(403)
    account_id = call.account.account_id
    wanted = Channel(world.mint("chn_"), account_id, fields["callback_url"], filters)
    existing = world.channels.identical(wanted, world.settings)
    if existing is not None:
        return _shown(world, existing)
    if len(world.channels.open_of(account_id)) >= world.settings.max_channels:
        return invalid({"channels": "limit_reached"})
    return _opened(world, wanted)


def index(world: World, call: Call) -> Response:
    channels = world.channels.open_of(call.account.account_id)
    return answer({"channels": [each.document(world.settings) for each in channels]})


def close(world: World, call: Call) -> Response:
    channel = world.channels.channels.get(call.path["channel_id"])
    if channel is None or not channel.is_open or channel.account_id != call.account.account_id:
        return empty(404)
    world.close_channel(channel.channel_id, "closed by the application")
    return empty(202)


def settle(world: World, held: Response, verification_id: str) -> Response:
    """The answer to a create that waited for its verification."""
    parcel = world.outbox.find(verification_id)
    if parcel is None or not world.settings.failed_verification_fails_create:
        return held
    outcome = parcel.attempts[-1].outcome if parcel.attempts else None
    if outcome is not None and outcome.succeeded:
        return held
    world.close_channel(parcel.channel_id, "verification failed")
    return invalid({"callback_url": "verification_failed"})


def _opened(world: World, channel: Channel) -> Response:
    world.channels.add(channel)
    verification_id = post(world, channel, "verification")
    shown = _shown(world, channel)
    if world.settings.verification == "after_answer":
        return shown
    return Response(shown.status, shown.headers, shown.body, held_for=verification_id)


def _shown(world: World, channel: Channel) -> Response:
    return answer({"channel": channel.document(world.settings)})


def _filters(fields: Json) -> Filters:
    given = fields.get("filters") or {}
    return Filters(
        tuple(given.get("calendar_ids") or ()),
        _truth(given.get("only_managed")),
        json.dumps(given, sort_keys=True),
    )


def _problems(world: World, call: Call, fields: Json) -> Problems:
    problems = {**_url_problems(fields.get("callback_url"), world)}
    given = fields.get("filters")
    if given is None:
        return problems
    if not isinstance(given, dict):
        return {**problems, "filters": "invalid"}
    if given.get("only_managed") not in (None, True, False, "true", "false"):
        problems["filters.only_managed"] = "must_be_boolean"
    calendar_ids = given.get("calendar_ids")
    if calendar_ids is not None and not _known(calendar_ids, call):
        problems["filters.calendar_ids"] = "invalid_calendar_ids" if calendar_ids else "required"
    return problems


def _url_problems(url: Any, world: World) -> Problems:
    """The keys past `required` are not documented."""
    if not isinstance(url, str) or not url:
        return {"callback_url": "required"}
    longest = world.settings.callback_url_max_length
    if longest is not None and len(url) > longest:
        return {"callback_url": "too_long"}
    return {} if _is_web_address(url) else {"callback_url": "invalid_url"}


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _known(calendar_ids: Any, call: Call) -> bool:
    """At least one id, all of calendars of the account."""
    if not isinstance(calendar_ids, list) or not calendar_ids:
        return False
    return all(isinstance(each, str) and each in call.account.calendars for each in calendar_ids)


def _truth(value: Any) -> bool:
    return value in (True, "true")
