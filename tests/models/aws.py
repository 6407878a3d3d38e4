"""An AWS on the loopback for `receive`: Secrets Manager and SQS, as healthy as the test wants."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Aws:
    """
    Attributes:
        secrets: what the deploy wrote into Secrets Manager, comma separated.
        written: what operators wrote into the other secret.
        trouble: what happens to the next calls of SendMessage, one word each; then all is well:
            a status, ``hang`` (no answer), ``reset`` (the connection ends without one).
        calls: targets, as they came.
        messages: parameters of SendMessage that were accepted.
    """

    secrets: str = "secret"
    written: str = "{}"
    trouble: list[str] = field(default_factory=list)
    always: str = ""
    calls: list[str] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""
    closing: threading.Event = field(default_factory=threading.Event)

    def answer(self, target: str, parameters: dict[str, Any]) -> tuple[int, dict[str, Any]] | str:
        """Return status and document, or the word for what happens instead."""
        self.calls.append(target)
        if target == "secretsmanager.GetSecretValue":
            entry = {"client_id": "id", "client_secret": self.secrets}
            deployed = json.dumps({"us": entry})
            is_deployed = parameters["SecretId"] == "written-by-the-deploy"
            return 200, {"SecretString": deployed if is_deployed else self.written}
        word = self.trouble.pop(0) if self.trouble else self.always
        if word.isdigit():
            return int(word), {"__type": "com.amazonaws.sqs#Refused", "message": "no"}
        if word:
            return word
        self.messages.append(parameters)
        return 200, {"MessageId": "1"}


@contextmanager
def running() -> Iterator[Aws]:
    """Serve on a free port until the block ends."""
    aws = Aws()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # headers and body go out apart, each at once

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = aws.answer(self.headers["X-Amz-Target"], json.loads(body))
            if answer == "hang":
                aws.closing.wait(10)
            if isinstance(answer, str):
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            text = json.dumps(answer[1]).encode()
            self.send_response(answer[0])
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    aws.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield aws
    finally:
        aws.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


def unused_url() -> str:
    """Return an address at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
