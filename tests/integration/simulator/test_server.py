"""The shell: sockets, connections, and answers that go wrong on their way."""

import http.client
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import pytest
import requests


def connection(cronofy):
    return http.client.HTTPConnection(urlsplit(cronofy.url).netloc, timeout=10)


def test_one_connection_serves_many_requests(cronofy):
    opened = connection(cronofy)
    opened.connect()
    local = opened.sock.getsockname()
    for _ in range(5):
        opened.request("GET", "/_control/health")
        response = opened.getresponse()
        assert response.version == 11
        response.read()
        assert opened.sock.getsockname() == local
    opened.close()


def test_an_answer_without_a_body_leaves_the_connection_usable(cronofy, account):
    opened = connection(cronofy)
    bearer = {"Authorization": f"Bearer {account['access_token']}"}
    for method, path, status in (
        ("POST", "/_control/accounts/acc_1/tokens/expire", 200),
        ("DELETE", "/_control/calls", 204),
        ("GET", "/v1/userinfo", 401),
        ("DELETE", "/v1/channels/none", 401),
        ("GET", "/_control/health", 200),
    ):
        opened.request(method, path, headers=bearer)
        response = opened.getresponse()
        response.read()
        assert response.status == status
    opened.close()


def test_a_body_that_the_core_does_not_read_leaves_the_connection_usable(cronofy):
    opened = connection(cronofy)
    opened.request("GET", "/v1/userinfo", body=b"{}")
    assert opened.getresponse().read() == b""
    opened.request("GET", "/_control/health")
    assert opened.getresponse().status == 200
    opened.close()


def test_a_body_of_unknown_length_is_refused(cronofy):
    response = requests.post(f"{cronofy.url}/oauth/token", data=iter([b"{}"]), timeout=10)

    assert response.status_code == 411


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "BREW"])
def test_other_methods_are_not_found(cronofy, method):
    assert cronofy.session.request(method, f"{cronofy.url}/v1/events").status_code == 404


def test_page_links_lead_back_to_the_address_that_was_asked(cronofy, account):
    cronofy.control("PATCH", "settings", page_size=2)
    cronofy.event(account, count=3)
    first = cronofy.call(account, "GET", "/v1/events?tzid=Etc%2FUTC").json()
    link = first["pages"]["next_page"]

    assert link.startswith(f"{cronofy.url}/v1/events/pages/")
    assert len(cronofy.call(account, "GET", link.removeprefix(cronofy.url)).json()["events"]) == 1


def test_the_date_follows_the_simulators_clock(cronofy):
    cronofy.control("POST", "clock", advance_seconds=7200)

    response = cronofy.session.get(f"{cronofy.url}/_control/health")

    date = parsedate_to_datetime(response.headers["Date"]).timestamp()
    assert 7190 < date - time.time() < 7210


def test_a_dropped_connection_gives_no_answer(cronofy, account):
    cronofy.control("POST", "faults", kind="drop_after", count=1)

    with pytest.raises(requests.ConnectionError):
        cronofy.call(account, "GET", "/v1/channels")
    assert cronofy.call(account, "GET", "/v1/channels").status_code == 200


def test_a_truncated_body_ends_the_connection_early(cronofy, account):
    cronofy.control("POST", "faults", kind="truncated", count=1)

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        cronofy.call(account, "GET", "/v1/userinfo")


def test_a_slow_answer_holds_up_nobody_else(cronofy, account):
    cronofy.control("POST", "faults", kind="slow", seconds=1.0, path="/v1/userinfo", count=1)

    def timed(path):
        started = time.monotonic()
        status = requests.get(
            cronofy.url + path,
            headers={"Authorization": f"Bearer {account['access_token']}"},
            timeout=10,
        ).status_code
        return status, time.monotonic() - started

    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(timed, "/v1/userinfo")
        time.sleep(0.1)
        quick = pool.submit(timed, "/v1/channels")
        assert quick.result()[0] == slow.result()[0] == 200
        assert quick.result()[1] < 0.7
        assert slow.result()[1] >= 1.0


def test_many_callers_at_once_are_counted_exactly(cronofy, account):
    cronofy.control("PATCH", "settings", calls_per_second=1000, calls_per_minute=100)

    def call(_):
        headers = {"Authorization": f"Bearer {account['access_token']}"}
        return requests.get(f"{cronofy.url}/v1/channels", headers=headers, timeout=10).status_code

    with ThreadPoolExecutor(8) as pool:
        answered = list(pool.map(call, range(120)))

    assert (answered.count(200), answered.count(429)) == (100, 20)


def test_the_consent_page_redirects_a_browser_back(cronofy, account):
    asked = {
        "response_type": "code",
        "client_id": "simulator_client",
        "redirect_uri": "https://app.example.com/callback",
        "scope": "read_events",
        "state": "s",
    }
    address = f"{cronofy.url}/oauth/authorize"
    page = cronofy.session.get(address, params=asked)
    decision = {"decision": "allow", "account": "acc_1"}
    back = cronofy.session.post(address, params=asked, data=decision, allow_redirects=False)

    assert "Connect your calendar" in page.text
    assert back.status_code == 302
    assert back.headers["Location"].startswith("https://app.example.com/callback?code=")
