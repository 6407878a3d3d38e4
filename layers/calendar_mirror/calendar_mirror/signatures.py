"""Decide whether a body was signed by Cronofy with one of our client secrets."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable

HEADER = "Cronofy-HMAC-SHA256"


def verify(body: bytes, header: str | None, secrets: Iterable[str]) -> bool:
    """
    Tell whether *body* was signed with one of *secrets*.

    Args:
        body: the request's body, byte for byte as received.
        header: value of ``Cronofy-HMAC-SHA256``: base64 digests, one for each client secret that is
            active at Cronofy, separated by commas.
        secrets: the client secrets that we accept; several during a rotation, which either side may
            start.

    Source: https://docs.cronofy.com/developers/push-notifications/authentication/
    """
    expected = [_digest(body, secret) for secret in secrets]
    offered = [part.strip().encode("utf-8", "replace") for part in (header or "").split(",")]
    # On bytes: `compare_digest` refuses text that is not ASCII. Which pair matches is no secret.
    return any(hmac.compare_digest(one, other) for one in expected for other in offered)


def _digest(body: bytes, secret: str) -> bytes:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
