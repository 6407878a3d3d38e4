"""What the reference leaves open about Cronofy, and every number that a test may want to turn."""

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any

READ_WRITE_SCOPE = (
    "read_account list_calendars read_events create_event delete_event create_calendar "
    "change_participation_status"
)
MOST = 1e9  # of any number
RETRY_DELAYS = (15.0, 60.0, 300.0, 900.0, 3600.0, 7200.0, 14400.0, 21600.0, 36000.0)


def option(
    default: Any, meaning: str, *choices: Any, optional: bool = False, least: float = 0
) -> Any:
    """`optional`: null is allowed. `least`: the smallest number that is."""
    return field(
        default=default,
        metadata={"meaning": meaning, "choices": choices, "optional": optional, "least": least},
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """Durations are in seconds."""

    # The application
    client_id: str = option("simulator_client", "the application's OAuth client id")
    client_secrets: tuple[str, ...] = option(
        ("CRN_simulator_secret",), "active secrets: each is accepted, each signs notifications"
    )
    redirect_uris: tuple[str, ...] = option((), "agreed redirect URIs; none: any is taken")
    push_in_plan: bool = option(True, "off: creating a channel answers 402")
    geo_in_plan: bool = option(True, "off: include_geo answers 402")

    # Tokens
    scope: str = option(READ_WRITE_SCOPE, "scope of an account made without one")
    expires_in: int = option(3600, "life of an access token", least=1)
    consent_events: int = option(0, "events of a calendar that the consent page makes")
    code_lifetime: float = option(300.0, "life of an authorization code")
    refresh_rotates: bool = option(True, "a refresh replaces the refresh token")
    old_refresh_token_grace: float | None = option(
        0.0, "how long a replaced refresh token still works; null: for ever", optional=True
    )
    reuse_access_token: bool = option(
        False, "a refresh hands back the same access token while it has 10 minutes left"
    )
    refresh_ends_old_access_token: bool = option(False, "a refresh ends earlier access tokens")
    invalid_client_status: int = option(400, "status for wrong client credentials", 400, 401)
    revoke_closes_channels: bool = option(False, "revoking an authorization closes its channels")

    # Channels
    channel_scopes: tuple[str, ...] = option(
        ("read_events",), "any one of these allows a channel that is not only_managed"
    )
    max_channels: int = option(128, "open channels of one account")
    callback_url_max_length: int | None = option(128, "null: no limit", optional=True)
    channel_identity: str = option(
        "normalized", "what makes two creates identical", "normalized", "exact"
    )
    empty_filters: str = option("object", "how default filters are shown", "object", "absent")
    verification: str = option(
        "after_answer", "when the URL is verified", "after_answer", "before_answer"
    )
    failed_verification_fails_create: bool = option(False, "needs verification before_answer")

    # Reading
    window_past_days: int = option(42, "days behind today that can be read")
    window_future_days: int = option(201, "days ahead of today that can be read")
    from_edge_inclusive: bool = option(True, "an event that ends exactly at `from` is returned")
    page_size: int = option(100, "events on one page", least=1)
    page_order: str = option("start", "order of a read", "start", "modified", "random")
    pages: str = option("snapshot", "what later pages show", "snapshot", "live")
    page_link_lifetime: float | None = option(600.0, "null: for ever", optional=True)
    page_link_base: str = option("", "scheme and host of page links; empty: the request's host")
    last_page_link: str = option("absent", "next_page of a last page", "absent", "null", "empty")
    unknown_parameters: str = option("ignored", "query parameters", "ignored", "refused")
    deleted_fields: str = option("all", "what a deleted event shows", "all", "ids")
    deleted_retention: float | None = option(
        30 * 86400.0, "how long a deleted event stays readable; null: for ever", optional=True
    )

    # Changes from outside
    variety: tuple[str, ...] = option((), "peculiarities given to every event made from outside")
    variety_probability: float = option(1.0, "chance of each peculiarity")
    visibility_lag: float = option(0.0, "time until reads show a change")
    lag_keeps_modification_time: bool = option(
        True, "a change that shows late keeps its early modification time"
    )
    moved_event_uid: str = option("same", "event_uid in another calendar", "same", "new")
    moved_event_leaves_deletion: bool = option(
        True, "the calendar an event left shows it as deleted"
    )
    deleted_calendar_events: str = option(
        "deleted", "events of a deleted calendar", "deleted", "vanish", "stay"
    )

    # Notifications
    coalescing: float = option(0.0, "changes within this time are one notification")
    notification_delay: float = option(0.0, "from a change's visibility to its notification")
    notify_before_visible: bool = option(False, "the delay counts from the change itself")
    notify_outside_window: bool = option(False, "also for events no read can return")
    calendar_changes_notify: bool = option(False, "a calendar added or removed is a change")
    delivery_timeout: float = option(5.0, "a 2xx must come within this time")
    retry_delays: tuple[float, ...] = option(RETRY_DELAYS, "between one attempt and the next")
    retry_window: float = option(86400.0, "failing for so long closes the channel")
    gone_closes_channel: bool = option(False, "an answer of 410 closes the channel at once")
    deliveries_in_flight: int = option(8, "at once, for one channel", least=1)

    # Limits
    limits_enabled: bool = option(True, "off: never 429 but by a fault")
    calls_per_second: int = option(50, "of the application", least=1)
    calls_per_minute: int = option(500, "of the application", least=1)
    token_calls_count: bool = option(True, "token calls count towards the limits")
    throttled_calls_count: bool = option(False, "a call answered 429 counts as well")
    retry_after: int | None = option(None, "Retry-After on a 429; null: no header", optional=True)

    @property
    def default_scope(self) -> tuple[str, ...]:
        return tuple(self.scope.split())


def changed(settings: Settings, patch: Mapping[str, Any]) -> Settings | str:
    """The settings with some values replaced, or what is wrong with the patch."""
    known = {each.name: each for each in fields(Settings)}
    values: dict[str, Any] = {}
    for name, value in patch.items():
        if name not in known:
            return f"no setting is called {name}"
        values[name] = tuple(value) if isinstance(value, list) else value
        problem = _problem(known[name], values[name])
        if problem:
            return problem
    return replace(settings, **values)


def _problem(known: Field[Any], value: object) -> str:
    choices = known.metadata["choices"]
    if choices and value not in choices:
        return f"{known.name} is one of {', '.join(map(str, choices))}"
    if value is None and known.metadata["optional"]:
        return ""
    example = 0 if known.default is None else known.default
    if not _fits(example, value):
        return f"{known.name} is a {_word(example)}"
    least = known.metadata["least"]
    if any(not least <= each <= MOST for each in _numbers(value)):
        return f"{known.name} is not below {least} and not above {MOST:.0f}"
    return ""


def _fits(example: object, value: object) -> bool:
    if isinstance(example, float):
        return type(value) in (int, float)
    if isinstance(example, tuple):
        sort = float if example and isinstance(example[0], float) else str
        return isinstance(value, tuple) and all(_fits(sort(), each) for each in value)
    return type(value) is type(example)


def _numbers(value: object) -> list[float]:
    listed = value if isinstance(value, tuple) else (value,)
    return [each for each in listed if isinstance(each, int | float)]


def _word(example: object) -> str:
    words = {bool: "boolean", int: "whole number", float: "number", tuple: "list", str: "string"}
    return words[type(example)]
