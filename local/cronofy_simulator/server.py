"""Sockets around the core: HTTP/1.1 with keep-alive, a thread for each connection, one lock."""

import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cronofy_simulator.courier import Courier
from cronofy_simulator.simulator import Simulator
from cronofy_simulator.wire import Request, Response

HELD_SECONDS = 10.0


class SimulatorServer(ThreadingHTTPServer):
    """Serves one simulator on a loopback port; port 0 takes a free one."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, simulator: Simulator, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.simulator = simulator
        self._lock = threading.Lock()
        self._courier = Courier(simulator, self._lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def run(self) -> None:
        """Until `shutdown` is called, from another thread."""
        self._courier.start()
        self.serve_forever(poll_interval=0.1)
        self._courier.stop()

    def answer(self, request: Request) -> Response:
        with self._lock:
            response = self.simulator.handle(request)
            self._courier.wake()
            if response.held_for:
                self._courier.wait_for(response.held_for, HELD_SECONDS)
                response = self.simulator.release(response)
        if response.delay_seconds > 0:
            time.sleep(response.delay_seconds)
        return response

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is none of ours; the rest is told as usual."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    server: SimulatorServer
    protocol_version = "HTTP/1.1"
    server_version = "Cronofy"
    sys_version = ""
    wbufsize = -1
    disable_nagle_algorithm = True

    def handle_any(self) -> None:
        length = self.headers.get("Content-Length") or "0"
        if not length.isdigit() or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            self._send(Response(411))
            return
        body = self.rfile.read(int(length))
        headers = dict(self.headers.items())
        self._send(self.server.answer(Request.to(self.command, self.path, headers, body)))

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Any method is taken; the core knows which of them a path has."""
        if name.startswith("do_"):
            return self.handle_any
        raise AttributeError(name)

    def _send(self, response: Response) -> None:
        if response.dropped:
            self.close_connection = True
            return
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status != 204:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body[: response.cut_at])
        if response.cut_at is not None:
            self.close_connection = True

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The Date header follows the simulator's clock, as it would follow Cronofy's."""
        now = self.server.simulator.world.clock()
        return super().date_time_string(now.timestamp() if timestamp is None else timestamp)

    def log_message(self, *args: Any, **named: Any) -> None:
        """Quiet: the counters of the control API tell more."""
