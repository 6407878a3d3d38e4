"""A stand-in for the two AWS calls that `receive` makes: answers at once, and counts."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

SIGNED_WITH = "CRN_bench"
#: As in a stack that is new: operators have written nothing yet, so that `receive` reads both.
_SECRETS = {
    "written-by-operators": "{}",
    "written-by-the-deploy": json.dumps(
        {"us": {"client_id": "bench", "client_secret": SIGNED_WITH}}
    ),
}


class _Aws(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body go out apart, each at once
    calls: ClassVar[Counter[str]] = Counter()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        target = self.headers["X-Amz-Target"].rpartition(".")[2]
        self.calls[target] += 1
        secret = _SECRETS.get(json.loads(body).get("SecretId"))
        answer: dict[str, object] = {"SecretString": secret, "ARN": "arn", "Name": "bench"}
        if target == "SendMessage":
            answer = {"MessageId": "1", "MD5OfMessageBody": _md5(json.loads(body)["MessageBody"])}
        text = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


def _md5(text: str) -> str:
    """Return what boto3 compares with what it sent."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@contextmanager
def aws() -> Iterator[tuple[str, Counter[str]]]:
    """Serve on a free port of the loopback; give the address, and the calls by name."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Aws)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _Aws.calls.clear()
    try:
        yield f"http://127.0.0.1:{server.server_port}", _Aws.calls
    finally:
        server.shutdown()
        server.server_close()
