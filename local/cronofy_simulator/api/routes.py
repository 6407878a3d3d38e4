"""Cronofy's paths, and who answers them."""

from collections.abc import Mapping
from dataclasses import dataclass

from cronofy_simulator.api import (
    channels,
    free_busy,
    identity,
    oauth,
    reading,
    writing,
)
from cronofy_simulator.api.call import Handler, PublicHandler


@dataclass(frozen=True, slots=True)
class Route:
    """`segments` with a brace are placeholders. Exactly one of the handlers is set."""

    name: str
    method: str
    segments: tuple[str, ...]
    handler: Handler | None = None
    public: PublicHandler | None = None

    def match(self, method: str, segments: list[str]) -> Mapping[str, str] | None:
        if method != self.method or len(segments) != len(self.segments):
            return None
        found: dict[str, str] = {}
        for wanted, given in zip(self.segments, segments, strict=True):
            if wanted.startswith("{"):
                found[wanted[1:-1]] = given
            elif wanted != given:
                return None
        return found


def _route(line: str, handler: Handler) -> Route:
    method, path = line.split()
    return Route(line, method, tuple(path.strip("/").split("/")), handler=handler)


def _public(line: str, handler: PublicHandler) -> Route:
    method, path = line.split()
    return Route(line, method, tuple(path.strip("/").split("/")), public=handler)


_EVENTS = "/v1/calendars/{calendar_id}/events"
ROUTES = (
    _public("POST /oauth/token", oauth.token),
    _public("POST /oauth/token/revoke", oauth.revoke),
    _public("POST /v1/application_calendars", oauth.application_calendar),
    _route("GET /v1/events", reading.read),
    _route("GET /v1/events/pages/{token}", reading.read_page),
    _route("DELETE /v1/events", writing.delete_many),
    _route("GET /v1/free_busy", free_busy.read),
    _route("GET /v1/free_busy/pages/{token}", free_busy.read_page),
    _route("POST /v1/channels", channels.create),
    _route("GET /v1/channels", channels.index),
    _route("DELETE /v1/channels/{channel_id}", channels.close),
    _route(f"POST {_EVENTS}", writing.upsert),
    _route(f"DELETE {_EVENTS}", writing.delete),
    _route(
        f"POST {_EVENTS}/{{event_uid}}/participation_status",
        writing.participation_status,
    ),
    _route("GET /v1/account", identity.account),
    _route("GET /v1/userinfo", identity.userinfo),
    _route("GET /v1/profiles", identity.profiles),
    _route("POST /v1/profiles/{profile_id}/revoke", identity.revoke_profile),
    _route("GET /v1/calendars", identity.calendars),
    _route("POST /v1/calendars", identity.create_calendar),
)
