"""The door of `connect`, whole: API Gateway's event, moto's AWS, the simulator's Cronofy."""

import json
import random
import threading
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests

from calendar_mirror import connect_links, messages
from calendar_mirror.accounts_table import AccountsTable
from calendar_mirror.authorizations_table import AuthorizationsTable
from calendar_mirror.invitations import Invitation
from calendar_mirror.messages import Kind
from cronofy_simulator.clock import RealClock
from cronofy_simulator.server import SimulatorServer
from cronofy_simulator.settings import Settings
from cronofy_simulator.simulator import Simulator
from functions.connect import app
from tests.models.tables import Authorizations

CONTEXT = SimpleNamespace(aws_request_id="request-1")
DOMAIN = "abc123.execute-api.us-east-1.amazonaws.com"
KEY, CLIENT_SECRET = "key-of-the-links", "secret-of-the-application"
APP = "https://app.example.com"
COOKIE = "__Host-calendar_mirror_connect"


@pytest.fixture
def cronofy():
    """Return the address of a simulator, and a call of its control API."""
    settings = Settings(client_secrets=(CLIENT_SECRET,), consent_events=5)
    server = SimulatorServer(Simulator(RealClock(), settings, random.Random(1)))
    with server, requests.Session() as session:
        thread = threading.Thread(target=server.run)
        thread.start()

        def control(method, path, /, **fields):
            url = f"{server.url}/_control/{path}"
            answer = session.request(method, url, json=fields, timeout=10)
            assert answer.ok, answer.text
            return answer.json() if answer.content else None

        yield server.url, control
        server.shutdown()
        thread.join()


class Door:
    """What the door reaches, and what API Gateway and a browser do around it."""

    def __init__(self, dynamodb, sqs, queues, cronofy):
        self.dynamodb, self.sqs, self.queues = dynamodb, sqs, queues
        self.cronofy, self.control = cronofy
        self.accounts = AccountsTable(dynamodb, "accounts")

    def invoke(self, route, **event):
        """Hand over an event as API Gateway writes it, format 2.0."""
        return app.handler(
            {
                "version": "2.0",
                "routeKey": route,
                "rawPath": route.partition(" ")[2],
                "headers": {"host": DOMAIN, "user-agent": "a browser"},
                "requestContext": {"domainName": DOMAIN, "http": {"method": "GET"}},
                "isBase64Encoded": False,
                **event,
            },
            CONTEXT,
        )

    def begin(self, text, **event):
        query = {"queryStringParameters": {"link": text}}
        return self.invoke("GET /connect", **query, **event)

    def finish(self, query, **event):
        return self.invoke("GET /connect/callback", queryStringParameters=query, **event)

    def allow(self, begun):
        """Consent, as a browser that was sent to Cronofy; return what it is sent back with."""
        answer = requests.post(
            begun["headers"]["Location"],
            data={"decision": "allow", "email": "user@example.com"},
            allow_redirects=False,
            timeout=10,
        )
        assert answer.status_code == 302, answer.text
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))

    def calls(self):
        return self.control("GET", "calls")["endpoints"]

    def sent(self):
        answer = self.sqs.receive_message(QueueUrl=self.queues[0], MaxNumberOfMessages=10)
        return [messages.decode(each["Body"]) for each in answer.get("Messages", [])]

    def stored(self):
        names = ("accounts", "authorizations", "budget")
        return {name: self.dynamodb.scan(TableName=name)["Items"] for name in names}


@pytest.fixture
def start(moto, dynamodb, sqs, queues, client, cronofy, monkeypatch):
    """`start(NAME=value)`: the door, cold, with the template's variables and those."""
    secrets = client("secretsmanager")
    clients = {"us": {"client_id": "simulator_client", "client_secret": CLIENT_SECRET}}
    made = []

    def start(**changed):
        environ = {
            "AWS_ENDPOINT_URL": moto,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "CLIENT_SECRETS_ARN": secrets.create_secret(
                Name=f"written {len(made)}", SecretString="{}"
            )["ARN"],
            "INITIAL_CREDENTIALS_ARN": secrets.create_secret(
                Name=f"deployed {len(made)}", SecretString=json.dumps(clients)
            )["ARN"],
            "CRONOFY_DATA_CENTER": "us",
            "LINK_KEYS_ARN": secrets.create_secret(Name=f"keys {len(made)}", SecretString=KEY)[
                "ARN"
            ],
            "SYNC_QUEUE_URL": queues[0],
            "ACCOUNTS_TABLE": "accounts",
            "AUTHORIZATIONS_TABLE": "authorizations",
            "BUDGET_TABLE": "budget",
            "CRONOFY_API_URL": cronofy[0],
            "CRONOFY_SCOPE": "read_events",
            "RETURN_TO_ORIGINS": f"{APP},http://localhost:3000",
            "CALLS_PER_MINUTE": "500",
            "PUBLIC_URL": "",
            "POWERTOOLS_SERVICE_NAME": "stack",
            **changed,
        }
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        for cached in (app.shell, app.logger):
            cached.cache_clear()
        made.append(Door(dynamodb, sqs, queues, cronofy))
        return made[-1]

    yield start
    app.shell.cache_clear()


@pytest.fixture
def door(start):
    return start()


def link(user_ref="user 42", **invited):
    """Return the value of the ``link`` of an address."""
    expires_at = datetime.now(UTC) + timedelta(hours=1)
    invitation = Invitation(user_ref, "us", expires_at, **invited)
    return connect_links.link("", invitation, (KEY,)).removeprefix("?link=")


def pair(reply):
    """Return the cookie that the reply gives, as a browser sends it back."""
    (cookie,) = reply["cookies"]
    return cookie.partition(";")[0]


def begun_and_allowed(door, **invited):
    begun = door.begin(link(**invited))
    return door.allow(begun), pair(begun)


def test_the_way_from_the_link_to_an_account_a_channel_and_a_message(door):
    begun = door.begin(link())
    asked = dict(parse_qsl(urlsplit(begun["headers"]["Location"]).query))

    assert begun["statusCode"] == 303
    assert begun["headers"]["Location"].startswith(f"{door.cronofy}/oauth/authorize?")
    assert asked["redirect_uri"] == f"https://{DOMAIN}/connect/callback"
    assert begun["cookies"][0].startswith(f"{COOKIE}=")
    assert begun["body"] == ""

    reply = door.finish(door.allow(begun), cookies=[pair(begun)])

    assert reply["statusCode"] == 200
    assert "Your calendar is connected" in reply["body"]
    assert reply["cookies"] == []
    (item,) = door.stored()["accounts"]
    account = door.accounts.get(item["account_id"])
    (channel,) = door.control("GET", f"accounts/{account.account_id}")["channels"]
    assert account.user_refs == ("user 42",)
    assert account.tokens.scope == "read_events"
    assert account.channel.channel_id == channel["channel_id"]
    assert channel["callback_url"] == f"https://{DOMAIN}/notifications/{account.account_id}"
    (message,) = door.sent()
    assert (message.account_id, message.kind, message.cause) == (
        account.account_id,
        Kind.FULL,
        "connect",
    )
    assert item["due"] == "due"


def test_a_browser_returns_to_where_the_stack_sends_it(door):
    query, cookie = begun_and_allowed(door, return_to=f"{APP}/done?a=b")

    reply = door.finish(query, cookies=[cookie])

    (item,) = door.stored()["accounts"]
    assert reply["statusCode"] == 303
    assert reply["body"] == ""
    assert reply["headers"]["Location"] == f"{APP}/done?a=b&" + urlencode(
        {"calendar_mirror": "connected", "account_id": item["account_id"]}
    )


@pytest.mark.parametrize("origins", ["", "https://other.example", f"{APP}.evil.example"])
def test_a_stack_sends_nobody_where_its_parameter_does_not(start, origins):
    door = start(RETURN_TO_ORIGINS=origins)

    reply = door.begin(link(return_to=f"{APP}/done"))

    assert reply["statusCode"] == 403
    assert "Location" not in reply["headers"]
    assert APP not in reply["body"]


@pytest.mark.parametrize("origins", [f"{APP}", f" {APP} , https://b.example", f"https://b,{APP}/"])
def test_the_parameter_is_a_list_in_which_blanks_do_no_harm(start, origins):
    assert start(RETURN_TO_ORIGINS=origins).begin(link(return_to=APP))["statusCode"] == 303


def test_behind_a_domain_of_its_own_the_api_is_known_by_that(start):
    door = start(PUBLIC_URL="https://calendars.example.com")

    begun = door.begin(link())

    asked = dict(parse_qsl(urlsplit(begun["headers"]["Location"]).query))
    assert asked["redirect_uri"] == "https://calendars.example.com/connect/callback"


def test_over_plain_http_the_cookie_is_one_that_browsers_take(start):
    door = start(PUBLIC_URL="http://127.0.0.1:4566")

    begun = door.begin(link())

    assert pair(begun).startswith("calendar_mirror_connect=")
    assert "Secure" not in begun["cookies"][0]
    assert door.finish(door.allow(begun), cookies=[pair(begun)])["statusCode"] == 200


@pytest.mark.parametrize(
    "carry",
    [
        lambda cookie: {"cookies": [cookie]},
        lambda cookie: {"cookies": ["theme=dark", cookie, "a=b"]},
        lambda cookie: {"cookies": ['other={"json": [1, 2]}', cookie]},
        lambda cookie: {"headers": {"cookie": cookie}},
        lambda cookie: {"headers": {"Cookie": f"theme=dark; {cookie}"}},
        lambda cookie: {"headers": {"Cookie": cookie}, "cookies": []},
        lambda cookie: {"headers": {"cookie": cookie}, "cookies": ["theme=dark"]},
        lambda cookie: {"headers": {"cookie": "theme=dark"}, "cookies": [cookie]},
    ],
)
def test_a_cookie_is_found_wherever_it_is_carried(door, carry):
    query, cookie = begun_and_allowed(door)

    assert door.finish(query, **carry(cookie))["statusCode"] == 200


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"cookies": None},
        {"cookies": []},
        {"headers": None},
        {"headers": {}},
        {"cookies": ["", ";", "=", "a", COOKIE, f"{COOKIE}="]},
        {"cookies": [f"{COOKIE}={'x' * 43}"]},
        {"headers": {"cookie": f"{COOKIE}=\x00\xff"}},
    ],
    ids=str,
)
def test_without_the_browsers_cookie_nothing_is_finished(door, event):
    query, _ = begun_and_allowed(door)
    before = door.stored(), door.calls()

    reply = door.finish(query, **event)

    assert reply["statusCode"] == 403
    assert "another browser" in reply["body"]
    assert (door.stored(), door.calls()) == before


@pytest.mark.parametrize("route", ["GET /connect", "GET /connect/callback"])
@pytest.mark.parametrize(
    "event",
    [
        {},
        {"queryStringParameters": None},
        {"queryStringParameters": {}},
        {"queryStringParameters": {"link": "", "state": "", "code": "", "error": ""}},
        {"queryStringParameters": {"link": "x" * 8000, "state": "x" * 8000, "code": "x"}},
        {"queryStringParameters": {"link": "\x00\ud800", "state": "\x00\ud800", "code": "\ud800"}},
        {"queryStringParameters": {"error": "<script>alert(1)</script>"}},
        {"queryStringParameters": {"error": "access_denied", "code": "c"}},
        {"queryStringParameters": {"return_to": "https://evil.example", "link": "a.b"}},
        {"pathParameters": {"proxy": "x"}, "queryStringParameters": {"LINK": "a"}},
    ],
    ids=lambda value: ascii(value)[:60],
)
def test_a_request_that_means_nothing_is_refused_with_a_page(door, route, event):
    before = door.stored(), door.calls()

    reply = door.invoke(route, **event)

    assert reply["statusCode"] == 403
    assert reply["headers"]["Content-Type"] == "text/html; charset=utf-8"
    assert "connect your calendar from there again" in reply["body"]
    assert "evil" not in reply["body"]
    assert "<script" not in reply["body"]
    assert reply["cookies"] == []
    assert (door.stored(), door.calls()) == before


@pytest.mark.parametrize("twice", ["state", "code"])
def test_what_is_given_twice_arrives_joined_and_is_refused(door, twice):
    """API Gateway joins values of one name with commas. Source: its guide, payload format 2.0."""
    query, cookie = begun_and_allowed(door)
    before = door.stored(), door.calls()

    reply = door.finish({**query, twice: f"{query[twice]},{query[twice]}"}, cookies=[cookie])

    assert reply["statusCode"] == 403
    assert (door.stored(), door.calls()) == before
    assert door.begin(f"{link()},{link()}")["statusCode"] == 403
    assert door.finish(query, cookies=[cookie])["statusCode"] == 200


def test_a_return_that_is_made_again_costs_no_call(door):
    query, cookie = begun_and_allowed(door)
    door.finish(query, cookies=[cookie])
    before = door.stored(), door.calls()

    replies = [door.finish(query, cookies=[cookie]) for _ in range(3)]

    assert {reply["statusCode"] for reply in replies} == {409}
    assert "finished before" in replies[0]["body"]
    assert (door.stored(), door.calls()) == before


def test_a_return_that_is_made_again_with_a_few_letters_more_costs_no_call(door):
    query, cookie = begun_and_allowed(door)
    door.finish(query, cookies=[cookie])
    before = door.stored(), door.calls()
    last = query["state"][-1]
    others = [query["state"][:-1] + chr(ord(last) + step) for step in (-1, 1, 2)]

    replies = [
        door.finish({**query, "state": state}, cookies=[cookie])
        for state in (*others, f"{query['state']}=", f" {query['state']}", f"{query['state']}\n")
    ]

    assert {reply["statusCode"] for reply in replies} == {403}
    assert (door.stored(), door.calls()) == before


def test_one_of_many_returns_at_the_same_time_is_taken(door):
    query, cookie = begun_and_allowed(door)
    statuses = []

    def finish():
        statuses.append(door.finish(query, cookies=[cookie])["statusCode"])

    threads = [threading.Thread(target=finish) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [200, 409, 409, 409]
    assert door.calls()["POST /oauth/token"] == {"200": 1}


def test_a_user_who_connects_again_and_another_one_are_both_kept(door):
    for user_ref in ("first", "first", "second"):
        begun = door.begin(link(user_ref))
        known = next((item["account_id"] for item in door.stored()["accounts"]), "")
        answer = requests.post(
            begun["headers"]["Location"],
            data={"decision": "allow", "email": "user@example.com", "account": known},
            allow_redirects=False,
            timeout=10,
        )
        query = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))
        assert door.finish(query, cookies=[pair(begun)])["statusCode"] == 200

    (item,) = door.stored()["accounts"]
    assert item["user_refs"] == {"first", "second"}
    (channel,) = door.control("GET", f"accounts/{item['account_id']}")["channels"]
    assert channel["closed"] is None


def test_a_queue_that_is_away_ends_in_a_page_and_in_an_account_that_is_due(start):
    door = start(SYNC_QUEUE_URL="http://127.0.0.1:9/queue.fifo")
    query, cookie = begun_and_allowed(door)

    reply = door.finish(query, cookies=[cookie])

    assert reply["statusCode"] == 503
    assert "Try again in a minute" in reply["body"]
    (item,) = door.stored()["accounts"]
    due = list(door.accounts.due(now=datetime.now(UTC), most=10))
    assert [account_id for account_id, _ in due] == [item["account_id"]]


@pytest.mark.parametrize("table", ["AUTHORIZATIONS_TABLE", "ACCOUNTS_TABLE", "BUDGET_TABLE"])
def test_a_table_that_is_away_ends_in_a_page_and_stores_no_account(start, table):
    door = start(**{table: "away"})
    query, cookie = begun_and_allowed(door)

    reply = door.finish(query, cookies=[cookie])

    assert reply["statusCode"] == 503
    assert "Try again in a minute" in reply["body"]
    assert door.stored()["accounts"] == door.sent() == []


@pytest.mark.parametrize(
    "secret", ["LINK_KEYS_ARN", "CLIENT_SECRETS_ARN", "INITIAL_CREDENTIALS_ARN"]
)
def test_a_secret_that_is_away_ends_in_a_page(start, secret):
    door = start(**{secret: "arn:aws:secretsmanager:us-east-1:000000000000:secret:away"})

    assert door.begin(link())["statusCode"] == 503
    assert door.finish({"state": "a.b", "code": "c"})["statusCode"] in (403, 503)
    assert door.calls() == {}


def test_a_data_center_without_a_client_ends_in_a_page_that_names_it(door):
    invitation = Invitation("user", "de", datetime.now(UTC) + timedelta(hours=1))
    text = connect_links.link("", invitation, (KEY,)).removeprefix("?link=")

    reply = door.begin(text)

    assert reply["statusCode"] == 503
    assert "&#x27;de&#x27;" in reply["body"]


def test_the_log_says_how_it_ended_and_nothing_else(start, capsys):
    door = start(POWERTOOLS_SERVICE_NAME="a service that logs to this test")
    query, cookie = begun_and_allowed(door, user_ref="the-user-reference")
    door.finish(query, cookies=[cookie])
    door.finish(query, cookies=[cookie])
    door.begin("forged")
    logged = capsys.readouterr().out
    lines = [json.loads(line) for line in logged.splitlines()]
    (account,) = door.stored()["accounts"]

    assert [(line["message"], line["status"]) for line in lines] == [
        *(("redirected", 303), ("connected", 200), ("replayed", 409), ("forged", 403))
    ]
    secrets = (KEY, CLIENT_SECRET, account["access_token"], account["refresh_token"])
    about = (query["code"], query["state"], cookie.partition("=")[2], "the-user-reference")
    assert not [text for text in (*secrets, *about) if text in logged]


def test_no_state_is_kept_that_could_be_used(door):
    query, cookie = begun_and_allowed(door)
    door.finish(query, cookies=[cookie])

    (kept,) = door.stored()["authorizations"]
    assert set(kept) == {"state", "expires_at"}
    assert query["state"] not in str(kept)
    assert 0 < int(kept["expires_at"]) - datetime.now(UTC).timestamp() < 2 * 3600


@pytest.fixture(params=["model", "dynamodb"])
def authorizations(request):
    if request.param == "model":
        return Authorizations()
    return AuthorizationsTable(request.getfixturevalue("dynamodb"), "authorizations")


def test_an_authorization_is_claimed_once(authorizations):
    expires_at = datetime(2026, 3, 1, tzinfo=UTC)

    assert authorizations.claim("one", expires_at=expires_at)
    assert authorizations.claim("other", expires_at=expires_at)
    assert not authorizations.claim("one", expires_at=expires_at)
    assert not authorizations.claim("one", expires_at=expires_at + timedelta(hours=1))
