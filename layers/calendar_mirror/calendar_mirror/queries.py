"""What we ask Cronofy, in its words."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from calendar_mirror import instants
from calendar_mirror.accounts import DATA_CENTERS, api_url
from calendar_mirror.credentials import ClientCredentials
from calendar_mirror.documents import Json
from calendar_mirror.errors import SettingsError, UnexpectedAnswerError
from calendar_mirror.planning import ReadPlan
from calendar_mirror.scopes import Mode

#: Source: Cronofy's documentation of Create Channel; later editions name no limit
MAX_CALLBACK_URL = 128

Query = tuple[tuple[str, str], ...]

_CRONOFY_HOSTS = frozenset(urlsplit(api_url(name)).netloc for name in DATA_CENTERS)

# Deletions, moves out of the window and what the application wrote itself are left out by default.
# A period that became free tells that nobody is busy any more.
_FLAGS = {
    Mode.EVENTS: ("include_deleted", "include_moved", "include_managed"),
    Mode.FREE_BUSY: ("include_deleted", "include_managed", "include_ids", "include_free"),
}


def read(plan: ReadPlan) -> Query:
    """
    Ask for all there is to know within *plan*.

    Source: https://docs.cronofy.com/developers/api/events/read-events/,
    https://docs.cronofy.com/developers/api/events/free-busy/
    """
    flags = tuple((flag, "true") for flag in _FLAGS[plan.coverage.mode])
    calendars = tuple(("calendar_ids[]", each) for each in plan.coverage.calendars)
    bounds = {
        "from": plan.dates.start and plan.dates.start.isoformat(),
        "to": plan.dates.end and plan.dates.end.isoformat(),
        "last_modified": plan.last_modified and instants.to_text(plan.last_modified),
    }
    given = tuple((name, bound) for name, bound in bounds.items() if bound)
    return (("tzid", "Etc/UTC"), *flags, *calendars, *given)


def channel(address: str, calendars: tuple[str, ...]) -> Mapping[str, object]:
    """Ask for a channel that notifies *address*, of *calendars* alone where there are any."""
    body: dict[str, object] = {"callback_url": address}
    return body | {"filters": {"calendar_ids": list(calendars)}} if calendars else body


def refresh(refresh_token: str, client: ClientCredentials) -> Mapping[str, object]:
    """Ask for new tokens. Source: https://docs.cronofy.com/developers/api/authorization/"""
    return _client(client) | {"grant_type": "refresh_token", "refresh_token": refresh_token}


def exchange(code: str, redirect_uri: str, client: ClientCredentials) -> Mapping[str, object]:
    """Ask for the tokens that *code* stands for."""
    about = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    return _client(client) | about


def revocation(
    refresh_token: str, client: ClientCredentials, *, pii_erasure: bool
) -> Mapping[str, object]:
    """Ask for the end of a grant. The refresh token says which: it cannot have expired."""
    erasure = {"request_pii_erasure": True} if pii_erasure else {}
    return _client(client) | {"token": refresh_token} | erasure


def callback_url(public_url: str, account_id: str) -> str:
    """
    Return the address that Cronofy notifies for an account. `notifications` reads it back.

    Raises:
        SettingsError: it would be longer than Cronofy takes.
    """
    address = f"{public_url}/notifications/{quote(account_id, safe='')}"
    if len(address) > MAX_CALLBACK_URL:
        raise SettingsError(
            f"the notification address has {len(address)} characters, Cronofy takes "
            f"{MAX_CALLBACK_URL}: a shorter PublicUrl is wanted"
        )
    return address


def page_of(link: Json, url: str) -> str:
    """
    Return the address of a page at *url*, our own host, so that the token goes nowhere else.

    Links name Cronofy's host, or ours where a server stands in for Cronofy; others are refused.

    Raises:
        UnexpectedAnswerError: it is no link, or one to a foreign host.
    """
    try:
        address = urlsplit(link if isinstance(link, str) else "")
    except ValueError:
        raise UnexpectedAnswerError("Cronofy gave an unreadable page link") from None
    if address.netloc not in {urlsplit(url).netloc, *_CRONOFY_HOSTS}:
        raise UnexpectedAnswerError("Cronofy gave a page link to a host that is not its own")
    return f"{url}{address.path}" + (f"?{address.query}" if address.query else "")


def _client(client: ClientCredentials) -> dict[str, object]:
    return {"client_id": client.client_id, "client_secret": client.secrets[0]}
