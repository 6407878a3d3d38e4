"""Does Cronofy reach the stack: does its address answer, with a certificate that is trusted?"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import requests

from calmirror.health import clocks
from calmirror.health.findings import Finding, error, ok, warning
from calmirror.stacks import Stack, http_session

_TIMEOUT_S = 10.0
#: Certificates are renewed some weeks before they end.
_ENDS_SOON = timedelta(days=14)
#: Cronofy waits no longer for an answer. Source: Cronofy, "Push notifications"
_SLOW_S = 5.0


def address(stack: Stack) -> Iterator[Finding]:
    """Look at the address that channels lead to."""
    url = stack.output("NotificationsUrl").replace("{account_id}", "calmirror-doctor")
    parts = urlsplit(url)
    if parts.scheme == "https":
        yield from certificate(parts.hostname or "", parts.port or 443, trust=None)
    elif stack.endpoint:
        yield ok("certificate", "None: a local stack is reached by plain http.")
    else:
        yield error(
            "certificate",
            f"{url} is plain http, which Cronofy does not call.",
            "Give an address that begins with https as the parameter PublicUrl, or none.",
        )
    yield from door(url)


def certificate(host: str, port: int, *, trust: ssl.SSLContext | None) -> Iterator[Finding]:
    """
    Look at the certificate of *host*.

    Args:
        trust: ``None``: whom this machine trusts.
    """
    context = trust or ssl.create_default_context()
    try:
        with (
            socket.create_connection((host, port), timeout=_TIMEOUT_S) as connection,
            context.wrap_socket(connection, server_hostname=host) as wrapped,
        ):
            ends = str((wrapped.getpeercert() or {}).get("notAfter", ""))
    except ssl.SSLCertVerificationError as failure:
        yield error(
            "certificate",
            f"The certificate of {host} is not to be trusted: {failure.verify_message}.",
            "Renew it, or serve the whole chain: Cronofy refuses it, and closes channels after a "
            "day. Without PublicUrl, API Gateway's own address has a good one.",
        )
        return
    except OSError as failure:
        yield error(
            "certificate",
            f"{host}:{port} cannot be reached: {failure}.",
            "See to its name (DNS) and to the domain's mapping in API Gateway.",
        )
        return
    left = datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC) - datetime.now(UTC)
    said = f"The certificate of {host} is trusted, and good for {left.days} days."
    if left < _ENDS_SOON:
        yield warning("certificate", said, "Renew it before it ends.")
    else:
        yield ok("certificate", said)


def door(url: str) -> Iterator[Finding]:
    """Post a notification that nobody has signed: it must be refused, with 401."""
    try:
        answer = http_session(url).post(url, data=b"{}", timeout=_TIMEOUT_S, allow_redirects=False)
    except requests.RequestException as failure:
        yield error(
            "entrance",
            f"{url} does not answer: {type(failure).__name__}.",
            "See to its name (DNS), and that the stack is deployed; until then notifications are "
            "sent again, for a day.",
        )
        return
    seconds = answer.elapsed.total_seconds()
    if answer.status_code != 401:
        yield error(
            "entrance",
            f"{url} answers {answer.status_code} to a notification that nobody has signed; it must "
            "be 401.",
            "Is PublicUrl this stack's? `calmirror tail --function receive` shows what the "
            "function says.",
        )
    elif seconds > _SLOW_S:
        yield error(
            "entrance",
            f"{url} took {seconds:.1f} s to answer; Cronofy waits for {_SLOW_S:.0f}.",
            "`calmirror tail --function receive` shows what takes so long.",
        )
    else:
        yield ok("entrance", f"{url} refuses what is not signed, as it must.")
    yield from clocks.compared("the stack", answer.headers.get("Date"), datetime.now(UTC))
