"""A simulator in this process, with a clock that stands still and chance that repeats itself."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
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

    def __init__(self, seed: int = 1, now: datetime = NOW, **settings: Any) -> None:
        self.clock = FrozenClock(now)
        self.simulator = Simulator(self.clock, Settings(**settings), random.Random(seed))

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def request(self, method: str, target: str, body: bytes = b"", **headers: str) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request.to(method, target, {"Host": "127.0.0.1:8080", **named}, body)
        return self.simulator.handle(request)

    def control(self, method: str, path: str, /, **fields: Any) -> Any:
        response = self.order(method, path, **fields)
        assert response.status < 300, response.body
        return response.json() if response.body else None

    def order(self, method: str, path: str, /, **fields: Any) -> Response:
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


@dataclass(frozen=True, slots=True)
class User:
    """One account, and what its calendars' owner and the application do with it."""

    cronofy: Cronofy
    account: Any

    @property
    def account_id(self) -> str:
        return self.account["account_id"]

    @property
    def access_token(self) -> str:
        return self.account["access_token"]

    @property
    def refresh_token(self) -> str:
        return self.account["refresh_token"]

    @property
    def calendars(self) -> list[str]:
        return [each["calendar_id"] for each in self.account["calendars"]]

    def get(self, path: str, **query: Any) -> Response:
        return self.cronofy.get(self.account, path, **query)

    def post(self, path: str, fields: dict[str, Any]) -> Response:
        return self.cronofy.call(self.account, "POST", path, **fields)

    def delete(self, path: str, fields: dict[str, Any] | None = None) -> Response:
        return self.cronofy.call(self.account, "DELETE", path, **(fields or {}))

    def read(self, **query: Any) -> Any:
        return self.cronofy.read(self.account, **query)

    def uids(self, **query: Any) -> list[str]:
        return [event["event_uid"] for event in self.read(**query)]

    def open_channel(self, **filters: Any) -> str:
        return self.cronofy.channel(self.account, **filters)["channel_id"]

    def control(self, method: str, path: str, /, **fields: Any) -> Any:
        return self.cronofy.control(method, f"accounts/{self.account_id}/{path}", **fields)

    def make(self, **fields: Any) -> Any:
        return self.cronofy.events(self.account, **fields)[0]

    def change(self, event: Any, **fields: Any) -> Any:
        return self.cronofy.change(self.account, event, **fields)

    def remove(self, event: Any) -> None:
        self.cronofy.delete(self.account, event)


@pytest.fixture
def cronofy() -> Cronofy:
    return Cronofy()


@pytest.fixture
def make_cronofy() -> Callable[..., Cronofy]:
    """With other settings, or another seed."""
    return Cronofy


@pytest.fixture
def user(cronofy: Cronofy) -> User:
    return User(cronofy, cronofy.account(account_id="acc_1", calendars=2))


@pytest.fixture
def another(cronofy: Cronofy) -> User:
    return User(cronofy, cronofy.account(account_id="acc_2"))


@pytest.fixture
def new_user(cronofy: Cronofy) -> Callable[..., User]:
    """With the fields given."""
    return lambda **fields: User(cronofy, cronofy.account(**fields))
