"""The way to Cronofy's consent page and back, as the browser sees it."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from urllib.parse import urlencode, urlsplit, urlunsplit

from calendar_mirror.invitations import CONSENT_TIME, Invitation

#: Visible ASCII. No comma: with one, API Gateway joins what was given twice.
#: Source: RFC 6749, appendix A.11
_CODE = re.compile(r"[!-+\--~]{1,512}")
#: A host, perhaps a port, and nothing that browsers and we may read differently.
_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?")
_PORTS = {"http": 80, "https": 443}
#: What `connect.Connect.random_text` gives: nothing that ends a cookie, or a header.
_SECRET = re.compile(r"[A-Za-z0-9_-]{20,100}")


def authorize_url(
    app_url: str,
    invitation: Invitation,
    *,
    client_id: str,
    redirect_uri: str,
    scope: str,
    state: str,
) -> str:
    """
    Return the address of Cronofy's consent page.

    Source: https://docs.cronofy.com/developers/api/authorization/request-authorization/
    """
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": scope,
        "state": state,
    }
    if invitation.avoid_linking:
        query["avoid_linking"] = "true"
    return f"{app_url}/oauth/authorize?{urlencode(query)}"


def is_code(text: str) -> bool:
    """Tell whether *text* may be a code, so that it makes sense to ask Cronofy."""
    return _CODE.fullmatch(text) is not None


def may_return_to(address: str, origins: Iterable[str]) -> bool:
    """
    Tell whether *address* lies at one of *origins* (``https://app.example.com``, with the port
    where it is not the scheme's own).

    Browsers read addresses more kindly than we do, so whatever they might read differently is
    refused: backslashes, blanks, user names, escapes in the host, letters that are not ASCII.
    """
    if not address.isascii() or not address.isprintable() or " " in address or "\\" in address:
        return False
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.scheme not in _PORTS or not host or not _HOST.fullmatch(parts.netloc):
        return False
    return _origin(parts.scheme, host, port) in {_normal(each) for each in origins}


def returning(address: str, **told: str) -> str:
    """Return *address* with *told* added to its query."""
    parts = urlsplit(address)
    query = "&".join(filter(None, (parts.query, urlencode(told))))
    return urlunsplit(parts._replace(query=query))


def digest(browser: str) -> str:
    """Return what ``state`` says of the browser's secret."""
    return hashlib.sha256(browser.encode()).hexdigest()


def is_same_browser(browser: str | None, expected: str) -> bool:
    """Tell whether the browser has the secret whose `digest` is *expected*."""
    return browser is not None and hmac.compare_digest(digest(browser), expected)


def set_cookie(browser: str, public_url: str) -> str:
    """
    Return the ``Set-Cookie`` that gives the browser its secret.

    ``Lax`` lets it come along when Cronofy's page leads back to us, and with no request that
    another site makes behind the user's back.
    """
    seconds = int(CONSENT_TIME.total_seconds())
    secure = "; Secure" if _is_secure(public_url) else ""
    name = cookie_name(public_url)
    return f"{name}={browser}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"


def cookie_name(public_url: str) -> str:
    """
    Return the cookie's name. With the prefix, browsers take it from our own host over TLS alone.

    Source: RFC 6265bis, section 4.1.3.2
    """
    return f"{'__Host-' if _is_secure(public_url) else ''}calendar_mirror_connect"


def cookie_of(headers: Iterable[str], public_url: str) -> str | None:
    """
    Return the browser's secret from its ``Cookie`` headers.

    What other applications on our host keep there need not be well formed.
    Source: RFC 6265, section 4.2.1
    """
    for pair in ";".join(headers).split(";"):
        name, _, value = pair.strip().partition("=")
        if name == cookie_name(public_url) and _SECRET.fullmatch(value):
            return value
    return None


def _is_secure(public_url: str) -> bool:
    return urlsplit(public_url).scheme == "https"


def _normal(origin: str) -> tuple[str, str, int | None] | None:
    try:
        parts = urlsplit(origin.strip())
        return _origin(parts.scheme, parts.hostname or "", parts.port)
    except ValueError:
        return None


def _origin(scheme: str, host: str, port: int | None) -> tuple[str, str, int | None]:
    return scheme, host, _PORTS.get(scheme) if port is None else port
