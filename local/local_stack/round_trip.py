"""The first notification: signed, and meant for nobody."""

import base64
import hashlib
import hmac

from local_stack import function_logs, loopback
from local_stack.errors import StackError
from local_stack.locations import Locations
from local_stack.stack import Stack

_BODY = b'{"notification":{"type":"local_stack_check"}}'
"""Without a channel: `receive` verifies and counts it, and sends no message."""


def check(stack: Stack, locations: Locations) -> None:
    """A signed notification is accepted, and one with another signature is not."""
    url = stack.notifications_url.replace("{account_id}", "local_stack_check")
    first = stack.client_secret.split(",")[0]
    for secret, expected in ((first, 200), (f"not {first}", 401)):
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Cronofy-HMAC-SHA256": signature(_BODY, secret),
        }
        status = loopback.status_of(url, _BODY, headers, seconds=30)
        if status != expected:
            log = locations.log("functions")
            function_logs.save(stack.aws_endpoint_url, log)
            raise StackError(
                f"{url} answered {status or 'nothing'} to a notification, and not {expected}.",
                f"What the local AWS says to it: {locations.log('ministack')}",
                log,
            )


def signature(body: bytes, secret: str) -> str:
    """Source: https://docs.cronofy.com/developers/api/push-notifications/authentication/"""
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()
