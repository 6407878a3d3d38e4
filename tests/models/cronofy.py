"""The simulator's core behind `requests`: no socket, no thread, the test's clock."""

import io
import json
from datetime import UTC, datetime, timedelta
from random import Random
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from cronofy_simulator.settings import Settings
from cronofy_simulator.simulator import Simulator
from cronofy_simulator.wire import Request

URL = "https://api.cronofy.com"


class Clock:
    """A clock that stands until it is turned."""

    def __init__(self, at=datetime(2026, 3, 1, 12, tzinfo=UTC)):
        self.at = at

    def __call__(self):
        return self.at

    def turn(self, seconds):
        self.at += timedelta(seconds=seconds)


class Provider(BaseAdapter):
    """
    Cronofy, as a transport of `requests`.

    Attributes:
        requests: what was asked, as (method, path, query), in order; without the control API.
        before, after: told of each request before it comes in, and of its answer before it goes
            out.
        rewrite: gives the answer that goes out, of the request and the simulator's answer.
    """

    def __init__(self, clock, settings=None):
        super().__init__()
        self.clock = clock
        self.simulator = Simulator(clock, settings or Settings(), Random(1))
        self.requests = []
        self.before = lambda request: None
        self.after = lambda answer: None
        self.rewrite = lambda request, answer: answer

    def session(self):
        session = requests.Session()
        for scheme in ("https://", "http://"):
            session.mount(scheme, self)
        return session

    def send(self, request, **_):
        self.before(request)
        parts = urlsplit(request.url)
        body = request.body or b""
        body = body if isinstance(body, bytes) else body.encode()
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        asked = Request.to(request.method, target, {**request.headers, "host": parts.netloc}, body)
        self.requests.append((request.method, parts.path, dict(asked.query)))
        answer = self.rewrite(asked, self.simulator.handle(asked))
        self.after(answer)
        if answer.dropped:
            raise requests.ConnectionError("dropped")
        if answer.cut_at is not None:
            raise requests.exceptions.ChunkedEncodingError("cut")
        response = requests.Response()
        response.status_code = answer.status
        response.headers.update(answer.headers)
        response.raw = HTTPResponse(io.BytesIO(answer.body), preload_content=False)
        response.url, response.request = request.url, request
        return response

    def close(self):
        """Nothing is open."""

    def control(self, method, path, /, **fields):
        request = Request(method, f"/_control/{path}", body=json.dumps(fields).encode())
        answer = self.simulator.handle(request)
        assert answer.status < 300, answer.body
        return answer.json() if answer.body else None

    def reads(self):
        """Return the queries of Read Events, first pages only."""
        return [q for method, path, q in self.requests if (method, path) == ("GET", "/v1/events")]
