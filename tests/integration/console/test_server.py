"""The console's server: what it shows, and whom it obeys. The browser is in tests/end_to_end."""

import random
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from calendar_mirror import records
from console.server import application
from console.work import Work
from demonstration.measuring import Passage

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TITLE = "<img src=x onerror=alert(1)>"


class Calendar:
    def __init__(self):
        self.calls = []

    def call(self, method, path, body=None):
        self.calls.append((method, path, body))
        return {"deliveries": [], "total": 0}

    def records(self, account_id):
        document = {"calendar_id": "cal_1", "event_uid": "a", "summary": TITLE}
        return {"cal_1#a": records.from_cronofy(account_id, document)}

    def create(self, account_id, event):
        self.calls.append(("create", account_id, event))


class Sight:
    """A stack with one account, whose one event is not in the table yet."""

    def __init__(self):
        self.calendar = Calendar()
        self.stack = SimpleNamespace(outputs={"AccountsTableName": "accounts"})
        self.mirror = SimpleNamespace(items=lambda _: [])
        self.queue = SimpleNamespace(depth=lambda: (1, 2))
        self.writes = SimpleNamespace(count=lambda: 3)
        pages = [{"Items": [{"account_id": "acc_1", "added_at": "2026"}]}]
        paginator = SimpleNamespace(paginate=lambda **_: pages)
        self.dynamodb = SimpleNamespace(get_paginator=lambda _: paginator)

    def watch(self, account_id):
        def until_equal(change, waiting):
            change()
            return Passage(1.0, 1, 1)

        return SimpleNamespace(until_equal=until_equal)


@pytest.fixture
def sight():
    return Sight()


@pytest.fixture
def browser(sight):
    work = Work()
    work.start()
    app = application(sight, work, now=lambda: NOW, rng=random.Random(1))
    return app.test_client()


def test_the_state_shows_both_sides_and_the_stations(browser):
    state = browser.get("/api/state").get_json()

    assert (state["account"], state["differing"], state["rows"]) == ("acc_1", 1, 0)
    assert state["pairs"][0]["calendar"]["summary"] == TITLE
    assert state["stations"] == {
        "delivered": 0,
        "waiting": 1,
        "in_flight": 2,
        "calls": 0,
        "writes": 3,
    }


def test_a_button_changes_the_calendar(browser, sight):
    answer = browser.post("/api/accounts/acc_1/create", headers={"Origin": "http://localhost"})

    assert answer.status_code == 202
    while browser.get("/api/state").get_json()["log"][0]["stage"] != "arrived":
        pass
    assert any(call[:2] == ("create", "acc_1") for call in sight.calendar.calls)


@pytest.mark.parametrize("path", ["accounts/acc_1/create", "accounts", "trouble/outage"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1"])
def test_another_page_in_the_same_browser_cannot_press_a_button(browser, sight, path, origin):
    answer = browser.post(f"/api/{path}", headers={"Origin": origin})

    assert answer.status_code == 403
    assert sight.calendar.calls == []


def test_there_are_no_other_buttons(browser):
    assert browser.post("/api/accounts/acc_1/explode").status_code == 404
    assert browser.post("/api/trouble/explode").status_code == 404


@pytest.mark.parametrize("path", ["/", "/static/console.js", "/static/console.css"])
def test_the_page_allows_nothing_but_its_own_files(browser, path):
    answer = browser.get(path)

    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    answer.close()


def test_the_page_never_makes_markup_of_what_it_shows(browser):
    answer = browser.get("/static/console.js")

    assert "innerHTML" not in answer.get_data(as_text=True)
    answer.close()
