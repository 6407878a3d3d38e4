"""A simulator behind a real socket, and callbacks that do as they are told."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from cronofy_simulator.clock import RealClock
from cronofy_simulator.server import SimulatorServer
from cronofy_simulator.settings import Settings
from cronofy_simulator.simulator import Simulator

PATIENCE = 10.0  # seconds


def eventually(fact: Callable[[], Any]) -> Any:
    """What `fact` returns, once that is true."""
    end = time.monotonic() + PATIENCE
    while not (found := fact()):
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)
    return found


@dataclass(slots=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Callback:
    """Notes what it is sent; answers with `status`, `delay` seconds late."""

    url: str = ""
    status: int = 200
    delay: float = 0.0
    location: str = ""
    received: list[Received] = field(default_factory=list)

    def wait(self, count: int = 1) -> list[Received]:
        return eventually(lambda: self.received[:] if len(self.received) >= count else None)


class CallbackServer(ThreadingHTTPServer):
    daemon_threads = True
    callback: Callback


class CallbackHandler(BaseHTTPRequestHandler):
    server: CallbackServer

    def do_POST(self) -> None:
        callback = self.server.callback
        body = self.rfile.read(int(self.headers["Content-Length"]))
        callback.received.append(Received(self.path, dict(self.headers.items()), body))
        time.sleep(callback.delay)
        self.send_response(callback.status)
        if callback.location:
            self.send_header("Location", callback.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:
            return  # a courier that ran out of patience

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@dataclass(slots=True)
class Cronofy:
    """The simulator's address, and one HTTP session to it."""

    url: str
    session: requests.Session

    def control(self, method: str, path: str, /, **fields: Any) -> Any:
        response = self.session.request(
            method, f"{self.url}/_control/{path}", json=fields, timeout=PATIENCE
        )
        assert response.ok, response.text
        return response.json() if response.content else None

    def call(self, account: Any, method: str, path: str, **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {account['access_token']}"}
        return self.session.request(
            method, self.url + path, headers=headers, timeout=PATIENCE, **more
        )

    def channel(self, account: Any, url: str) -> str:
        response = self.call(account, "POST", "/v1/channels", json={"callback_url": url})
        assert response.status_code == 200, response.text
        return response.json()["channel"]["channel_id"]

    def event(self, account: Any, **fields: Any) -> Any:
        path = f"accounts/{account['account_id']}/events"
        return self.control("POST", path, **fields)["events"][0]

    def verified(self, account: Any, url: str) -> str:
        """A channel whose verification has been answered, and its answer noted."""
        channel_id = self.channel(account, url)
        eventually(lambda: self._states("verification", url) == ["delivered"])
        return channel_id

    def states(self) -> list[str]:
        """Of the changes' deliveries."""
        return [each["state"] for each in self._deliveries("change")]

    def failed(self, times: int = 1) -> list[Any]:
        """The attempts at the one change there is, once so many have failed."""

        def attempts() -> list[Any] | None:
            (delivery,) = self._deliveries("change")
            made = delivery["attempts"]
            is_over = delivery["state"] != "in flight" and len(made) >= times
            return made if is_over else None

        return eventually(attempts)

    def _states(self, kind: str, url: str) -> list[str]:
        return [each["state"] for each in self._deliveries(kind) if each["url"] == url]

    def _deliveries(self, kind: str) -> list[Any]:
        deliveries = self.control("GET", "deliveries")["deliveries"]
        return [each for each in deliveries if each["type"] == kind]


@pytest.fixture
def cronofy() -> Iterator[Cronofy]:
    simulator = Simulator(RealClock(), Settings(), random.Random(1))
    with SimulatorServer(simulator) as server, requests.Session() as session:
        thread = threading.Thread(target=server.run)
        thread.start()
        yield Cronofy(server.url, session)
        server.shutdown()
        thread.join()


@pytest.fixture
def account(cronofy: Cronofy) -> Any:
    return cronofy.control("POST", "accounts", account_id="acc_1", calendars=2)


@pytest.fixture
def new_callback() -> Iterator[Callable[[], Callback]]:
    servers: list[tuple[CallbackServer, threading.Thread]] = []

    def start() -> Callback:
        server = CallbackServer(("127.0.0.1", 0), CallbackHandler)
        server.callback = Callback(f"http://127.0.0.1:{server.server_port}/notifications/acc_1")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        servers.append((server, thread))
        return server.callback

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def callback(new_callback: Callable[[], Callback]) -> Callback:
    return new_callback()


@pytest.fixture(name="eventually")
def _eventually() -> Callable[[Callable[[], Any]], Any]:
    return eventually
