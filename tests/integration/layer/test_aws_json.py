"""Calling AWS without an SDK: moto's SQS, and servers that misbehave."""

import json
import socket
import threading
import time
from contextlib import contextmanager

import pytest

from calendar_mirror.aws_json import AwsService
from calendar_mirror.errors import AwsCallError
from calendar_mirror.sigv4 import AwsCredentials

FULL = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def service(endpoint):
    return AwsService(
        endpoint=endpoint,
        service="sqs",
        region="us-east-1",
        content_type="application/x-amz-json-1.0",
        credentials=lambda: AwsCredentials("test", "test", "token"),
    )


class Server:
    """
    Answers each request with the next of *answers*, byte for byte; pauses for a number of seconds,
    and ends the connection at a ``None``. *requests*: the bodies that came.
    """

    def __init__(self, *answers):
        self.answers, self.connections, self.requests = list(answers), 0, []
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    def serve(self):
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            self.connections += 1
            with connection, connection.makefile("rb") as lines:
                while self._answered(connection, lines):
                    pass

    def _answered(self, connection, lines):
        head = b"".join(iter(lines.readline, b"\r\n")) if lines.peek(1) else b""
        if not head:
            return False
        length = next(
            int(line.split(b":")[1])
            for line in head.splitlines()
            if b"content-length" in line.lower()
        )
        self.requests.append(lines.read(length))
        parts = self.answers.pop(0)
        for part in parts if isinstance(parts, tuple) else (parts,):
            if part is None:
                return False
            if isinstance(part, float):
                time.sleep(part)
            else:
                connection.sendall(part)
        return True


@contextmanager
def running(*answers):
    server = Server(*answers)
    thread = threading.Thread(target=server.serve)
    thread.start()
    calling = service(server.url)
    try:
        yield server, calling
    finally:
        calling.close()
        server.listening.shutdown(socket.SHUT_RDWR)
        server.listening.close()
        thread.join()


def call(calling, budget_s=1.5):
    return calling.call("AmazonSQS.SendMessage", {"QueueUrl": "hidden"}, budget_s=budget_s)


def error(status, document):
    body = json.dumps(document).encode()
    return f"HTTP/1.1 {status} No\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def test_a_message_is_sent_to_sqs(moto, sqs, queues):
    calling = service(moto)
    parameters = {
        "QueueUrl": queues[0],
        "MessageBody": "é \ud83d\ude00",
        "MessageGroupId": "acc_1",
        "MessageDeduplicationId": "1",
    }

    assert calling.call("AmazonSQS.SendMessage", parameters, budget_s=5)["MessageId"]
    calling.close()

    (found,) = sqs.receive_message(QueueUrl=queues[0])["Messages"]
    assert found["Body"] == "é \N{GRINNING FACE}"


def test_one_connection_serves_many_calls():
    with running(*[FULL] * 5) as (server, calling):
        for _ in range(5):
            assert call(calling) == {}

    assert server.connections == 1


def test_a_connection_that_was_closed_meanwhile_is_opened_again():
    with running((FULL, None), FULL) as (server, calling):
        assert call(calling) == {}
        assert call(calling) == {}

    assert server.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        None,
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", None),
        (b"SSH-2.0-OpenSSH\r\n\r\n", None),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", None),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n", None),
        error(500, {}),
        error(400, {"__type": "com.amazonaws.sqs#RequestThrottled"}),
    ],
    ids=range(7),
)
def test_trouble_that_passes_is_tried_again(answer):
    with running(answer, FULL) as (server, calling):
        assert call(calling) == {}

    assert server.requests == [b'{"QueueUrl": "hidden"}'] * 2


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (error(403, {"__type": "x#AccessDenied", "message": "hidden"}), "status 403 AccessDenied"),
        (error(400, {"__type": "InvalidParameter"}), "status 400"),
        (error(400, ["hidden"]), "status 400"),
        (error(302, {}), "status 302"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhidden", "no JSON object"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", "no JSON object"),
        ((b"HTTP/1.1 200", None), "no JSON object"),
    ],
    ids=range(7),
)
def test_a_refusal_is_told_at_once_without_quoting_it(answer, told):
    with running(answer) as (server, calling), pytest.raises(AwsCallError) as refusal:
        call(calling)

    assert told in str(refusal.value)
    assert "hidden" not in str(refusal.value)
    assert len(server.requests) == 1


def test_no_more_than_three_attempts_are_made():
    with running(*[error(503, {})] * 5) as (server, calling), pytest.raises(AwsCallError):
        call(calling)

    assert len(server.requests) == 3


def test_an_answer_that_does_not_come_costs_the_budget_and_no_more():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        calling = service(f"http://127.0.0.1:{listening.getsockname()[1]}")
        began = time.monotonic()
        with pytest.raises(AwsCallError, match="no answer: TimeoutError"):
            call(calling, budget_s=0.4)
        assert 0.3 < time.monotonic() - began < 1


def test_a_connection_that_is_kept_waits_no_longer_than_the_next_calls_budget():
    with running(FULL, (1.2, None)) as (_, calling):
        assert call(calling, budget_s=5) == {}
        began = time.monotonic()
        with pytest.raises(AwsCallError, match="no answer"):
            call(calling, budget_s=0.3)
        assert time.monotonic() - began < 1
