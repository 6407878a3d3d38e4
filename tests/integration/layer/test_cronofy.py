"""Cronofy's edge against the simulator, over real connections."""

import random
import threading
from datetime import UTC, datetime, timedelta

import pytest
import requests

from calendar_mirror.credentials import ClientCredentials
from calendar_mirror.cronofy import Cronofy
from calendar_mirror.errors import (
    CronofyUnavailableError,
    NeedsUserError,
    PageExpiredError,
    RateLimitedError,
    UnexpectedAnswerError,
)
from calendar_mirror.planning import ReadPlan
from calendar_mirror.queries import callback_url
from cronofy_simulator.clock import RealClock
from cronofy_simulator.server import SimulatorServer
from cronofy_simulator.settings import Settings
from cronofy_simulator.simulator import Simulator

CLIENT = ClientCredentials("simulator_client", ("CRN_simulator_secret",))
EVERYTHING = ReadPlan(None)
UNAVAILABLE = CronofyUnavailableError


@pytest.fixture(scope="module")
def server():
    server = SimulatorServer(Simulator(RealClock(), Settings(), random.Random(1)))
    with server:
        thread = threading.Thread(target=server.run)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def control(server):
    """Return the control API of a simulator that is as at its start."""
    with requests.Session() as session:

        def control(method, path, /, **fields):
            url = f"{server.url}/_control/{path}"
            answer = session.request(method, url, json=fields, timeout=10)
            assert answer.ok, answer.text
            return answer.json() if answer.content else None

        control("POST", "reset")
        control("PATCH", "settings", page_size=10)
        yield control


class Account:
    """An account with 25 events, as a grant: its refreshes are counted."""

    def __init__(self, control, cronofy):
        made = control("POST", "accounts", account_id="acc_1")
        control("POST", "accounts/acc_1/events", count=25, summary="x")
        self.access, self.refresh = made["access_token"], made["refresh_token"]
        self.cronofy, self.refreshes = cronofy, 0

    def access_token(self):
        return self.access

    def renewed(self):
        self.refreshes += 1
        tokens = self.cronofy.refresh(self.refresh, CLIENT)
        self.access, self.refresh = tokens.access, tokens.refresh
        return self.access


@pytest.fixture
def cronofy(server):
    with requests.Session() as session:
        yield Cronofy(server.url, session, lambda: datetime.now(UTC))


@pytest.fixture
def account(control, cronofy):
    return Account(control, cronofy)


def test_all_pages_are_read_with_one_call_each(cronofy, account):
    pages = list(cronofy.pages(EVERYTHING, account))

    assert [(page.number, len(page.events)) for page in pages] == [(1, 10), (2, 10), (3, 5)]
    assert cronofy.tally == {"calls": 3, "answered": 3}


def test_a_delta_has_what_changed_since_and_what_was_deleted(cronofy, account, control):
    uids = [
        event["event_uid"] for page in cronofy.pages(EVERYTHING, account) for event in page.events
    ]
    control("DELETE", f"accounts/acc_1/events/{uids[0]}")
    since = datetime.now(UTC) - timedelta(seconds=60)

    (page, *_) = cronofy.pages(ReadPlan(since), account)

    assert any(event.get("deleted") for event in page.events)
    (later,) = cronofy.pages(ReadPlan(since + timedelta(days=1)), account)
    assert later.events == ()


def test_a_token_that_ends_between_two_pages_is_renewed_and_the_read_goes_on(
    cronofy, account, control
):
    pages = cronofy.pages(EVERYTHING, account)
    next(pages)
    control("POST", "accounts/acc_1/tokens/expire")

    assert [page.number for page in pages] == [2, 3]
    assert account.refreshes == 1


def test_a_page_link_that_ended_is_told(cronofy, account, control):
    pages = cronofy.pages(EVERYTHING, account)
    next(pages)
    control("POST", "accounts/acc_1/pages/expire")

    with pytest.raises(PageExpiredError):
        next(pages)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "status", "status": 429, "headers": {"Retry-After": "7"}}, RateLimitedError),
        ({"kind": "status", "status": 503, "headers": {"Retry-After": "7"}}, UNAVAILABLE),
        ({"kind": "drop_before"}, UNAVAILABLE),
        ({"kind": "drop_after"}, UNAVAILABLE),
        ({"kind": "truncated"}, UNAVAILABLE),
        ({"kind": "malformed"}, UnexpectedAnswerError),
        ({"kind": "status", "status": 403}, NeedsUserError),
        ({"kind": "status", "status": 401}, NeedsUserError),
    ],
    ids=str,
)
def test_what_goes_wrong_becomes_the_error_that_says_what_follows(
    cronofy, account, control, fault, error
):
    control("POST", "faults", path="/v1/events", **fault)

    with pytest.raises(error) as refusal:
        list(cronofy.pages(EVERYTHING, account))

    assert account.access not in str(refusal.value)
    assert refusal.value.__cause__ is None
    if "headers" in fault:
        assert refusal.value.retry_after_s == 7


def test_a_redirect_is_not_followed(cronofy, account, control):
    headers = {"Location": "/v1/events"}
    control("POST", "faults", kind="status", status=307, headers=headers, count=1)

    with pytest.raises(UnexpectedAnswerError, match="307"):
        list(cronofy.pages(EVERYTHING, account))
    assert control("GET", "calls")["total"] == 1


def test_a_server_that_is_away_is_no_answer(account):
    with requests.Session() as session:
        away = Cronofy("http://127.0.0.1:9", session, lambda: datetime.now(UTC))
        with pytest.raises(CronofyUnavailableError, match="no answer"):
            list(away.pages(EVERYTHING, account))


@pytest.mark.parametrize("token", ["a\nb", "a\r\nX: y", "\N{EURO SIGN}"])
def test_a_token_that_cannot_be_sent_is_no_answer(cronofy, account, token):
    account.access = token

    with pytest.raises(CronofyUnavailableError):
        list(cronofy.pages(EVERYTHING, account))


def test_the_own_limits_of_the_application_are_met_as_429(cronofy, account, control):
    control("PATCH", "settings", calls_per_minute=1)

    with pytest.raises(RateLimitedError):
        list(cronofy.pages(EVERYTHING, account))


def test_creating_the_channel_twice_gives_one_channel(cronofy, account, control):
    address = callback_url("https://example.com", "acc@1")

    assert cronofy.create_channel(address, account) == cronofy.create_channel(address, account)
    (channel,) = control("GET", "accounts/acc_1")["channels"]
    assert channel["callback_url"] == "https://example.com/notifications/acc%401"


def test_a_refresh_replaces_both_tokens_and_says_until_when(cronofy, account):
    tokens = cronofy.refresh(account.refresh, CLIENT)

    assert tokens.access != account.access
    assert tokens.refresh != account.refresh
    assert 3500 < (tokens.access_expires_at - datetime.now(UTC)).total_seconds() <= 3600


def test_the_first_of_several_client_secrets_is_the_one_to_call_with(cronofy, account):
    rotating = ClientCredentials(CLIENT.client_id, (*CLIENT.secrets, "older"))

    assert cronofy.refresh(account.refresh, rotating).access


def test_a_refresh_token_that_was_revoked_needs_the_user(cronofy, account, control):
    control("POST", "accounts/acc_1/tokens/revoke")

    with pytest.raises(NeedsUserError) as refusal:
        cronofy.refresh(account.refresh, CLIENT)
    assert refusal.value.reason == "invalid_grant"


@pytest.mark.parametrize("status", [400, 401])
def test_wrong_client_credentials_are_for_the_operator_to_mend(cronofy, account, control, status):
    control("PATCH", "settings", invalid_client_status=status)

    with pytest.raises(CronofyUnavailableError, match="client id and client secret"):
        cronofy.refresh(account.refresh, ClientCredentials("simulator_client", ("wrong",)))
