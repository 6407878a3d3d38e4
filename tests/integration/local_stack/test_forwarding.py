"""The way for containers: what arrives at one address goes on to the same port of the loopback."""

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from local_stack import forwarding, loopback

#: Another address of the loopback interface: of Linux, all that begin with 127 are.
ELSEWHERE = "127.0.0.2"
BODY = b"x" * 3_000_000

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="127.0.0.2 and Docker's bridge are Linux's"
)


class Echo(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    """Of a server on 127.0.0.1 alone that says what it was told."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture
def forwarded(port: int) -> Iterator[int]:
    command = [sys.executable, "-m", "local_stack.forwarding", ELSEWHERE, str(port)]
    process = subprocess.Popen(command)
    try:
        asyncio.run(_until_connected(port))
        yield port
    finally:
        process.terminate()
        process.wait()


async def _until_connected(port: int) -> None:
    async with asyncio.timeout(30):
        while not loopback.connects(ELSEWHERE, port):
            await asyncio.sleep(0.05)


def test_without_it_nothing_listens_there(port: int) -> None:
    assert loopback.connects("127.0.0.1", port)
    assert not loopback.connects(ELSEWHERE, port)


def test_a_large_request_and_its_answer_come_through_whole(forwarded: int) -> None:
    url = f"http://{ELSEWHERE}:{forwarded}/"

    assert requests.post(url, data=BODY, timeout=30).content == BODY
    assert requests.post(url, data=b"again", timeout=30).content == b"again"


def test_the_ports_that_are_opened_are_those_of_this_machines_own_addresses() -> None:
    urls = ["http://127.0.0.1:4566", "https://api.cronofy.com", "http://localhost:80"]

    assert loopback.ports_of(urls) == [4566, 80]


def test_the_bridges_address_is_an_address_or_there_is_none() -> None:
    address = forwarding.bridge_address()

    assert address is None or socket.inet_aton(address)
