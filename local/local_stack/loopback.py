"""HTTP to the stack's own processes, past any proxy."""

import urllib.error
import urllib.request
from collections.abc import Mapping

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
