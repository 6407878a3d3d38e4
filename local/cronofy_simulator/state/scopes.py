"""What the simplified scopes stand for: this simulator's reading of their names."""

_READ_ACCOUNT = ("read_account", "list_calendars")
_WRITE = ("create_event", "delete_event")
_SIMPLIFIED = {
    "read_only": (*_READ_ACCOUNT, "read_events"),
    "write_only": (*_READ_ACCOUNT, *_WRITE),
    "read_write": (
        *_READ_ACCOUNT,
        "read_events",
        *_WRITE,
        "create_calendar",
        "change_participation_status",
    ),
    "free_busy": (*_READ_ACCOUNT, "read_free_busy"),
    "free_busy_write": (*_READ_ACCOUNT, "read_free_busy", *_WRITE),
}


def allows(granted: tuple[str, ...], *wanted: str) -> bool:
    """Whether any of the wanted scopes was granted."""
    return any(scope in wanted or _stands_for(scope, wanted) for scope in granted)


def _stands_for(scope: str, wanted: tuple[str, ...]) -> bool:
    return any(each in wanted for each in _SIMPLIFIED.get(scope, ()))
