"""
Call AWS's JSON protocols over the standard library, within a time budget.

For `receive` alone: importing an SDK takes several times as long as everything it does
(docs/decisions/0003-receive-without-an-sdk.md). Failures come out as `AwsCallError`; what was sent
may have arrived nevertheless.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from calendar_mirror import sigv4
from calendar_mirror.errors import AwsCallError
from calendar_mirror.sigv4 import AwsCredentials

#: One attempt may take so long, connecting included; a healthy one takes some 10 ms.
ATTEMPT_S = 1.5

_RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
_THROTTLED = ("Throttl", "TooManyRequests", "RequestLimitExceeded")


@dataclass(slots=True)
class AwsService:
    """
    One AWS service at one endpoint, over one connection that is kept between calls.

    Attributes:
        endpoint: ``https://sqs.eu-central-1.amazonaws.com``.
        content_type: ``application/x-amz-json-1.0`` for SQS, ``…-1.1`` for Secrets Manager.
        credentials: asked before each attempt.
    """

    endpoint: str
    service: str
    region: str
    content_type: str
    credentials: Callable[[], AwsCredentials]
    monotonic: Callable[[], float] = time.monotonic
    _connection: http.client.HTTPConnection | None = field(default=None, repr=False)

    def call(
        self, target: str, payload: Mapping[str, object], *, budget_s: float
    ) -> dict[str, Any]:
        """
        Make one call, and again while the budget lasts and trying again can help.

        Args:
            target: ``AmazonSQS.SendMessage``.
            budget_s: seconds for all attempts together.

        Raises:
            AwsCallError: refused, or no answer within the budget.
        """
        body = json.dumps(payload).encode()
        deadline = self.monotonic() + budget_s
        problem = "no time was left to call"
        for _ in range(3):
            remaining = deadline - self.monotonic()
            if remaining <= 0.05:
                break
            try:
                status, answer = self._attempt(target, body, min(ATTEMPT_S, remaining))
            except (OSError, http.client.HTTPException) as error:
                self.close()
                problem = f"no answer: {type(error).__name__}"
                continue
            if status == 200:
                return _object(target, answer)
            problem = f"status {status} {_code(answer)}"
            if status not in _RETRIED_STATUSES and not any(t in problem for t in _THROTTLED):
                break
        raise AwsCallError(f"{target}: {problem}")

    def close(self) -> None:
        """Close the connection. The next call opens another."""
        if self._connection:
            self._connection.close()
        self._connection = None

    def _attempt(self, target: str, body: bytes, timeout_s: float) -> tuple[int, bytes]:
        connection = self._connected(timeout_s)
        headers = sigv4.sign(
            {"content-type": self.content_type, "x-amz-target": target},
            body,
            host=urlsplit(self.endpoint).netloc,
            region=self.region,
            service=self.service,
            credentials=self.credentials(),
            now=datetime.now(UTC),
        )
        connection.request("POST", "/", body, headers)
        with connection.getresponse() as response:
            return response.status, response.read()

    def _connected(self, timeout_s: float) -> http.client.HTTPConnection:
        if self._connection is None:
            address = urlsplit(self.endpoint)
            kind = (
                http.client.HTTPSConnection
                if address.scheme == "https"
                else http.client.HTTPConnection
            )
            self._connection = kind(address.hostname or "", address.port, timeout=timeout_s)
        self._connection.timeout = timeout_s
        if self._connection.sock:
            self._connection.sock.settimeout(timeout_s)
        return self._connection


def _object(target: str, answer: bytes) -> dict[str, Any]:
    try:
        document = json.loads(answer)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise AwsCallError(f"{target}: the answer is no JSON object")
    return document


def _code(answer: bytes) -> str:
    """Return AWS's error code alone: its messages can quote what was sent."""
    try:
        return str(json.loads(answer).get("__type", "")).rpartition("#")[2]
    except (ValueError, AttributeError):
        return ""
