"""Whose calendars are mirrored: the simulator's, or those of another server with Cronofy's API."""

from collections.abc import Mapping
from dataclasses import dataclass

LOCAL_CLIENT_ID = "local-client-id"
LOCAL_CLIENT_SECRET = "local-client-secret"  # noqa: S105
"""Protects nothing: the sample events in `events/` are signed with it."""
LOCAL_LINK_KEY = "local-link-key"
"""As little: the sample of a connect link is signed with it."""


@dataclass(frozen=True, slots=True)
class Provider:
    url: str | None
    """None: the simulator."""
    client_id: str
    client_secret: str


def from_environ(environ: Mapping[str, str]) -> Provider:
    url = environ.get("CRONOFY_API_URL", "").rstrip("/")
    if not url:
        return Provider(None, LOCAL_CLIENT_ID, LOCAL_CLIENT_SECRET)
    return Provider(
        url,
        environ.get("CRONOFY_CLIENT_ID") or LOCAL_CLIENT_ID,
        environ.get("CRONOFY_CLIENT_SECRET") or LOCAL_CLIENT_SECRET,
    )
