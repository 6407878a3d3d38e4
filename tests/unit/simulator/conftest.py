"""A simulator in this process, with a clock that stands still and chance that repeats itself."""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from cronofy_simulator.clock import FrozenClock
from cronofy_simulator.settings import Settings
from cronofy_simulator.simulator import Simulator
from cronofy_simulator.state.deliveries import Delivery, Ending, Outcome
from cronofy_simulator.wire import Request, Response

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)
CLIENT = {"client_id": "simulator_client", "client_secret": "CRN_simulator_secret"}


class Cronofy:
    """Speaks to a simulator as an application, and through the control API as everyone else."""

    def __init__(self, seed: int = 1, **settings: Any) -> None:
        self.clock = FrozenClock(NOW)
        self.simulator = Simulator(self.clock, Settings(**settings), random.Random(seed))

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def request(self, method: str, target: str, body: bytes = b"", **headers: str) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request.to(method, target, {"Host": "127.0.0.1:8080", **named}, body)
        return self.simulator.handle(request)

    def control(self, method: str, path: str, **fields: Any) -> Any:
        response = self.order(method, path, **fields)
        assert response.status < 300, response.body
        return response.json() if response.body else None

    def order(self, method: str, path: str, **fields: Any) -> Response:
        return self.request(method, f"/_control/{path}", json.dumps(fields).encode())

    def account(self, **fields: Any) -> Any:
        return self.control("POST", "accounts", **fields)

    def event(self, account: Any, **fields: Any) -> Any:
        (event,) = self.events(account, **fields)
        return event

    def events(self, account: Any, **fields: Any) -> Any:
        return self.control("POST", f"accounts/{account['account_id']}/events", **fields)["events"]

    def change(self, account: Any, event: Any, **fields: Any) -> Any:
        path = f"accounts/{account['account_id']}/events/{event['event_uid']}"
        return self.control("PATCH", path, **fields)

    def delete(self, account: Any, event: Any) -> None:
        path = f"accounts/{account['account_id']}/events/{event['event_uid']}"
        self.control("DELETE", path)

    def set(self, **settings: Any) -> None:
        self.control("PATCH", "settings", **settings)

    def call(self, account: Any, method: str, path: str, **fields: Any) -> Response:
        """An authenticated call with a JSON body."""
        bearer = f"Bearer {account['access_token']}"
        body = json.dumps(fields).encode() if fields else b""
        return self.request(method, path, body, Authorization=bearer)

    def get(self, account: Any, path: str, **query: Any) -> Response:
        return self.call(account, "GET", f"{path}?{urlencode(query, doseq=True)}")

    def read(self, account: Any, path: str = "/v1/events", **query: Any) -> Any:
        """All pages of a read; True is written as Cronofy's documentation does."""
        words = {name: "true" if each is True else each for name, each in query.items()}
        response = self.get(account, path, **{"tzid": "Etc/UTC", **words})
        kind = path.rpartition("/")[2]
        found = []
        while True:
            assert response.status == 200, response.body
            document = response.json()
            found += document[kind]
            following = document["pages"].get("next_page")
            if not following:
                return found
            response = self.call(account, "GET", following.removeprefix("http://127.0.0.1:8080"))

    def summaries(self, account: Any, **query: Any) -> list[str]:
        return [event["summary"] for event in self.read(account, **query)]

    def token(self, **fields: Any) -> Response:
        return self.post("/oauth/token", **fields)

    def post(self, path: str, **fields: Any) -> Response:
        """A call with the application's credentials in its body."""
        return self.request("POST", path, json.dumps({**CLIENT, **fields}).encode())

    def channel(self, account: Any, url: str = "https://example.com/1", **filters: Any) -> Any:
        """A channel whose verification has been made and is out of the way."""
        fields = {"callback_url": url, **({"filters": filters} if filters else {})}
        response = self.call(account, "POST", "/v1/channels", **fields)
        assert response.status == 200, response.body
        self.deliver()
        return response.json()["channel"]

    def deliver(self, status: int = 200, ending: Ending = Ending.ANSWERED) -> list[Delivery]:
        """Make every delivery that is due; each ends the same way."""
        made = self.simulator.due_deliveries()
        for each in made:
            self.simulator.delivered(each.delivery_id, Outcome(ending, status))
        return made

    def notifications(self) -> list[Any]:
        return [json.loads(each.body)["notification"] for each in self.deliver()]

    def problems(self, response: Response) -> dict[str, str]:
        """Of a 422: the key of each field's first error."""
        assert response.status == 422, response
        errors = response.json()["errors"]
        return {name: listed[0]["key"] for name, listed in errors.items()}


@pytest.fixture
def cronofy() -> Cronofy:
    return Cronofy()


@pytest.fixture
def make_cronofy() -> Callable[..., Cronofy]:
    """With other settings, or another seed."""
    return Cronofy
