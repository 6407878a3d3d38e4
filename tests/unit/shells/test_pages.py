"""What `sync` makes of Cronofy's pages and the links between them, and how it asks for them."""

import io
import json

import pytest
import requests
from urllib3 import HTTPResponse

from calendar_mirror.messages import Kind
from cronofy_simulator.settings import Settings
from tests.models.mirror import Mirror


@pytest.fixture
def mirror():
    mirror = Mirror()
    mirror.connect()
    return mirror


class Scripted(requests.adapters.BaseAdapter):
    """A server that answers what it is told, and remembers to whom the token was sent."""

    def __init__(self, *documents):
        super().__init__()
        self.documents, self.sent = list(documents), []

    def send(self, request, **_):
        self.sent.append((request.url, request.headers.get("Authorization")))
        response = requests.Response()
        response.status_code = 200
        body = json.dumps(self.documents.pop(0)).encode()
        response.raw = HTTPResponse(io.BytesIO(body), preload_content=False)
        return response

    def close(self):
        """Nothing is open."""


class Watched(requests.adapters.BaseAdapter):
    """Passes calls on, and remembers how long each would have waited."""

    def __init__(self, provider):
        super().__init__()
        self.provider, self.waits = provider, []

    def send(self, request, timeout=None, **_):
        self.waits.append((request.path_url.partition("?")[0], timeout))
        return self.provider.send(request)

    def close(self):
        """Nothing is open."""


def test_no_call_to_cronofy_waits_for_ever():
    mirror = Mirror(settings=Settings(page_size=2))
    mirror.connect(read=False)
    mirror.provider.control("POST", "accounts/acc_1/tokens/expire")
    watched, session = Watched(mirror.provider), requests.Session()
    session.mount("https://", watched)
    mirror.provider.session = lambda: session
    mirror.ask(kind=Kind.FULL)

    mirror.settle()

    assert {path.rpartition("/")[0] for path, _ in watched.waits} >= {"/v1", "/oauth"}
    assert len(watched.waits) >= 5
    for _, (connecting, answering) in watched.waits:
        assert 0 < connecting < 5
        assert 0 < answering <= 20


def page(link, *events):
    return {"pages": {"current": 1, "total": 2, "next_page": link}, "events": events}


def read_from(mirror, *documents):
    server = Scripted(*documents)
    session = requests.Session()
    session.mount("https://", server)
    session.mount("http://", server)
    mirror.provider.session = lambda: session
    mirror.ask()
    mirror.settle()
    return server


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1/events/pages/1",
        "https://api.cronofy.com.evil.example/v1/events/pages/1",
        "https://api.cronofy.com@evil.example/v1/events/pages/1",
        "//evil.example/x",
        "/v1/events/pages/1",
        "https://[",
        5,
    ],
)
def test_a_page_link_to_another_host_never_gets_the_token(mirror, link):
    before = mirror.accounts.get("acc_1").last_read

    server = read_from(mirror, page(link))

    assert len(server.sent) == 1
    assert "page link" in mirror.queue.dead[0][1]
    assert mirror.accounts.get("acc_1").last_read == before


def test_a_page_link_of_another_data_center_is_followed_at_our_own(mirror):
    server = read_from(mirror, page("https://api-de.cronofy.com/v1/events/pages/1?x=2"), page(None))

    assert [url for url, _ in server.sent][1] == "https://api.cronofy.com/v1/events/pages/1?x=2"
    assert mirror.outcomes() == {"read": 1}


def test_pages_that_lead_in_a_circle_end_the_read(mirror):
    link = "https://api.cronofy.com/v1/events/pages/1"

    server = read_from(mirror, page(link), page(link))

    assert len(server.sent) == 2
    assert "read already" in mirror.queue.dead[0][1]


@pytest.mark.parametrize("deleted", [False, True])
def test_the_last_of_several_entries_of_one_event_is_written_once(mirror, deleted):
    first = {"calendar_id": "cal_1", "event_uid": "evt_1", "summary": "first"}
    last = first | {"summary": "last", "deleted": False}
    between = first | {"summary": "between", "deleted": deleted}

    read_from(mirror, page(None, first, between, last))

    assert mirror.events.items["acc_1", "cal_1#evt_1"]["event"] == last
    assert mirror.events.writes == 1
    assert mirror.reports[0].counts["written"] == 1
