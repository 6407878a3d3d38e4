"""Connections to the stack's own processes, past any proxy."""

import socket
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

_NAMES = ("127.0.0.1", "localhost", "::1")
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def status_of(
    url: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    seconds: float = 5,
) -> int | None:
    """The status that a GET, or with a body a POST, is answered with; None without an answer."""
    request = urllib.request.Request(url, data=body, headers=dict(headers or {}))  # noqa: S310
    try:
        with _OPENER.open(request, timeout=seconds) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code
    except OSError:
        return None


def ports_of(urls: Iterable[str]) -> list[int]:
    """The ports of those addresses that are this machine's own."""
    addresses = [urlsplit(url) for url in urls]
    return [each.port for each in addresses if each.hostname in _NAMES and each.port]


def connects(address: str, port: int) -> bool:
    """Whether anybody listens there."""
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((address, port)) == 0
