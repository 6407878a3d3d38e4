"""`python -m benchmarks.one_notification MODULE [COUNT]`: one process, as Lambda would start it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib
import json
import sys
import time
from typing import Any

from benchmarks.aws_stand_in import SIGNED_WITH

_BODY = json.dumps(
    {
        "notification": {"type": "change", "changes_since": "2026-01-31T09:00:00Z"},
        "channel": {
            "channel_id": "chn_1",
            "callback_url": "https://example.com/notifications/acc_1",
            "filters": {},
        },
    }
)


class Context:
    """The part of Lambda's context that the handlers use."""

    aws_request_id = "00000000-0000-0000-0000-000000000000"


def main() -> None:
    """
    Import the handler, let it answer COUNT notifications, print the CPU seconds after the first.
    """
    handler: Any = importlib.import_module(sys.argv[1]).handler
    signature = base64.b64encode(hmac.digest(SIGNED_WITH.encode(), _BODY.encode(), hashlib.sha256))
    request = {"headers": {"cronofy-hmac-sha256": signature.decode()}, "body": _BODY}
    _answer(handler, request)
    began = time.process_time()
    for _ in range(int(sys.argv[2]) - 1):
        _answer(handler, request)
    print(time.process_time() - began, file=sys.stderr)


def _answer(handler: Any, request: dict[str, Any]) -> None:
    answer = handler(request, Context())
    if answer != {"statusCode": 200}:
        raise SystemExit(f"answered {answer}")


if __name__ == "__main__":
    main()
