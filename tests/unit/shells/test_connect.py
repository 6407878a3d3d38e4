"""Connecting a calendar: every way it can end, and that beginning anew is always safe."""

import io
import json
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape
from itertools import count
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from urllib3 import HTTPResponse

from calendar_mirror import connect_links
from calendar_mirror.accounts import Channel, State
from calendar_mirror.connect import Connect, Request
from calendar_mirror.cronofy import Cronofy
from calendar_mirror.errors import (
    AccountGoneError,
    AwsCallError,
    RateLimitedError,
    SettingsError,
    StoreBusyError,
    StoreRefusedError,
)
from calendar_mirror.invitations import CONSENT_TIME, Invitation
from calendar_mirror.screens import Outcome
from cronofy_simulator import wire
from cronofy_simulator.settings import Settings
from tests.models.cronofy import URL
from tests.models.mirror import CLIENT, PUBLIC_URL, Mirror
from tests.models.tables import Authorizations

KEYS = ("key",)
APP = "https://app.example.com"
DONE = f"{APP}/calendars?tab=1"
FORM = {"content-type": "application/x-www-form-urlencoded"}
#: More than any of the runs below takes.
MOST_STEPS = 100


class Scene:
    """A mirror to which calendars are connected."""

    def __init__(self, **settings):
        given = {"consent_events": 5, "page_size": 3, "refresh_rotates": False} | settings
        self.mirror = Mirror(settings=Settings(**given))
        self.authorizations = Authorizations()
        numbers = count()
        self.connect = Connect(
            accounts=self.mirror.accounts,
            authorizations=self.authorizations,
            cronofy=self.mirror.cronofy,
            client=lambda _: CLIENT,
            keys=lambda: KEYS,
            send=self.mirror.send,
            now=self.mirror.clock,
            random_text=lambda: f"nobody-can-guess-{next(numbers):010}",
            public_url=PUBLIC_URL,
            cronofy_url="",
            scope="read_events",
            return_to=(APP,),
        )

    @property
    def calls(self):
        return self.mirror.provider.requests

    @property
    def accounts(self):
        return self.mirror.accounts.kept

    def link(self, user_ref="user 42", *, minutes=60, keys=KEYS, data_center="us", **invited):
        """Return what an application hands to its user."""
        expires_at = self.mirror.clock() + timedelta(minutes=minutes)
        invitation = Invitation(user_ref, data_center, expires_at, **invited)
        return connect_links.link(f"{PUBLIC_URL}/connect", invitation, keys)

    def shown(self):
        """Return everything that a refused request must not change."""
        kept = self.accounts, self.mirror.accounts.looks, self.authorizations.finished
        return repr((kept, self.mirror.queue.messages, self.mirror.budget.arrival))

    def settle(self):
        """Let the worker, and the clock, do what is to be done."""
        self.mirror.reconcile()
        self.mirror.settle()

    def channels(self, account_id):
        account = self.mirror.provider.control("GET", f"accounts/{account_id}")
        return [channel for channel in account["channels"] if not channel["closed"]]

    def fault(self, **about):
        self.mirror.provider.control("POST", "faults", **about)

    def mended(self):
        self.mirror.provider.control("DELETE", "faults")


class Browser:
    """Goes where it is sent, and keeps the cookies that it is given."""

    def __init__(self, scene):
        self.scene, self.cookies = scene, {}

    def open(self, link):
        reply = self.scene.connect.begin(self._request(query_of(link)))
        self._keep(reply)
        return reply

    def decide(self, reply, decision="allow", *, account="", email="user@example.com"):
        """Answer at Cronofy's consent page; return what it sends the browser back with."""
        target = reply.headers["Location"].removeprefix("https://app.cronofy.com")
        body = urlencode({"decision": decision, "account": account, "email": email}).encode()
        headers = {**FORM, "cookie": self._header("app.cronofy.com")}
        asked = wire.Request.to("POST", target, headers, body)
        answer = self.scene.mirror.provider.simulator.handle(asked)
        assert answer.status == 302, answer.body
        given = answer.headers.get("Set-Cookie", "").partition(";")[0]
        if given:
            self.cookies["app.cronofy.com", given.partition("=")[0]] = given.partition("=")[2]
        return query_of(answer.headers["Location"])

    def come_back(self, query):
        reply = self.scene.connect.finish(self._request(query))
        self._keep(reply)
        return reply

    def consent(self, link=None, **chosen):
        """Open a link and allow; return what the browser is sent back with."""
        return self.decide(self.open(link or self.scene.link()), **chosen)

    def connect(self, link=None, **chosen):
        """Go all the way."""
        return self.come_back(self.consent(link, **chosen))

    def _request(self, query):
        return Request(query, [self._header(PUBLIC_URL)])

    def _header(self, site):
        return "; ".join(
            f"{name}={value}" for (at, name), value in self.cookies.items() if at == site
        )

    def _keep(self, reply):
        for cookie in reply.cookies:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[PUBLIC_URL, name] = value


@pytest.fixture
def scene():
    return Scene()


@pytest.fixture
def browser(scene):
    return Browser(scene)


def query_of(address):
    return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))


def only(found):
    (one,) = found
    return one


def try_again(reply):
    """Return where the page's "Try again" leads."""
    return unescape(only(reply.body.split('class="try" href="')[1:]).partition('"')[0])


def is_page(reply, outcome, status, *, to_do):
    """Tell whether the browser is shown a page of that outcome, which says what to do."""
    return (
        (reply.outcome, reply.status) == (outcome, status)
        and to_do in reply.body
        and "Location" not in reply.headers
    )


def assert_connected_and_read(scene, account_id, user_refs=("user 42",)):
    scene.settle()
    account = scene.accounts[account_id]
    assert (account.state, account.user_refs) == (State.CONNECTED, user_refs)
    assert account.last_full_read_at is not None
    assert scene.mirror.events.live(account_id) == scene.mirror.truth(account_id) != {}
    assert [each["channel_id"] for each in scene.channels(account_id)] == [
        account.channel.channel_id
    ]
    assert scene.mirror.queue.messages == scene.mirror.queue.dead == []


# --- The way that everybody hopes for


def test_a_link_leads_to_the_consent_page_with_a_state_and_a_cookie(scene, browser):
    reply = browser.open(scene.link())

    address = urlsplit(reply.headers["Location"])
    asked = query_of(reply.headers["Location"])
    assert (reply.outcome, reply.status) == (Outcome.REDIRECTED, 303)
    assert (address.netloc, address.path) == ("app.cronofy.com", "/oauth/authorize")
    assert asked.pop("state")
    assert asked == {
        "response_type": "code",
        "client_id": "simulator_client",
        "redirect_uri": f"{PUBLIC_URL}/connect/callback",
        "scope": "read_events",
    }
    assert only(reply.cookies).startswith("__Host-calendar_mirror_connect=nobody-can-guess-")
    assert scene.calls == []


@pytest.mark.parametrize(
    ("data_center", "host"), [("us", "app.cronofy.com"), ("de", "app-de.cronofy.com")]
)
def test_the_consent_page_is_that_of_the_links_data_center(scene, browser, data_center, host):
    reply = browser.open(scene.link(data_center=data_center))

    assert urlsplit(reply.headers["Location"]).netloc == host


def test_linking_is_avoided_where_the_link_says_so(scene, browser):
    avoids = query_of(browser.open(scene.link(avoid_linking=True)).headers["Location"])

    assert avoids["avoid_linking"] == "true"


def test_consent_connects_the_account_with_a_channel_and_is_followed_by_a_full_read(scene, browser):
    reply = browser.connect()

    assert is_page(reply, Outcome.CONNECTED, 200, to_do="You can close this window")
    (account_id,) = scene.accounts
    account = scene.accounts[account_id]
    assert (account.data_center, account.user_refs) == ("us", ("user 42",))
    assert account.tokens.scope == "read_events"
    assert account.channel.url == f"{PUBLIC_URL}/notifications/{account_id}"
    assert [(method, path) for method, path, _ in scene.calls] == [
        ("POST", "/oauth/token"),
        ("POST", "/v1/channels"),
    ]
    assert json.loads(only(scene.mirror.queue.messages).body)["cause"] == "connect"
    assert_connected_and_read(scene, account_id)
    assert len(scene.mirror.events.live(account_id)) == 5


def test_the_user_reference_goes_to_nobody_but_the_table(scene, browser):
    begun = browser.open(scene.link("user-reference-42"))
    query = browser.decide(begun)
    reply = browser.come_back(query)

    told = begun.headers["Location"] + str(query) + reply.body + str(reply.headers) + reply.reason
    assert "user-reference-42" not in told
    assert only(scene.accounts.values()).user_refs == ("user-reference-42",)


def test_no_secret_is_on_a_page_or_in_the_log(scene, browser):
    reply = browser.connect(scene.link(return_to=DONE))

    tokens = only(scene.accounts.values()).tokens
    shown = reply.body + str(reply.headers) + reply.reason + str(reply.cookies)
    assert not [s for s in (tokens.access, tokens.refresh, *CLIENT.secrets, *KEYS) if s in shown]


def test_the_browser_returns_to_the_application_with_the_account_and_the_outcome(scene, browser):
    reply = browser.connect(scene.link(return_to=DONE))

    assert (reply.outcome, reply.status) == (Outcome.CONNECTED, 303)
    assert reply.headers["Location"].startswith(f"{DONE}&")
    assert query_of(reply.headers["Location"]) == {
        "tab": "1",
        "calendar_mirror": "connected",
        "account_id": only(scene.accounts),
    }


def test_two_tabs_of_one_browser_do_not_put_each_other_out_of_work(scene, browser):
    first, second = browser.open(scene.link("a")), browser.open(scene.link("b"))

    assert browser.come_back(browser.decide(second)).outcome is Outcome.CONNECTED
    assert browser.come_back(browser.decide(first)).outcome is Outcome.CONNECTED
    assert_connected_and_read(scene, only(scene.accounts), ("a", "b"))


def test_two_users_of_two_browsers_are_two_accounts(scene):
    for user_ref in ("a", "b"):
        Browser(scene).connect(scene.link(user_ref), email=f"{user_ref}@example.com")

    assert sorted(account.user_refs for account in scene.accounts.values()) == [("a",), ("b",)]


# --- Connected already


def test_the_same_user_connecting_again_refreshes_the_account(scene, browser):
    browser.connect()
    (account_id,) = scene.accounts
    scene.settle()
    before = scene.accounts[account_id]
    scene.mirror.clock.turn(3600)

    reply = browser.connect(account=account_id)

    after = scene.accounts[account_id]
    assert reply.outcome is Outcome.CONNECTED
    assert after.tokens.access != before.tokens.access
    assert after.connected_at > before.connected_at
    assert after.channel == before.channel
    assert_connected_and_read(scene, account_id)


def test_another_user_connecting_the_same_account_is_kept_beside_the_first(scene):
    Browser(scene).connect(scene.link("first"))
    (account_id,) = scene.accounts
    scene.settle()

    reply = Browser(scene).connect(scene.link("second"), account=account_id)

    assert reply.outcome is Outcome.CONNECTED
    assert_connected_and_read(scene, account_id, ("first", "second"))


def test_connecting_again_heals_an_account_whose_grant_has_ended(scene, browser):
    browser.connect()
    (account_id,) = scene.accounts
    scene.settle()
    scene.mirror.provider.control("POST", f"accounts/{account_id}/tokens/revoke")
    event = next(iter(scene.mirror.truth(account_id).values()))
    scene.mirror.change(event["event_uid"], account_id, summary="missed")
    scene.mirror.ask(account_id)
    scene.mirror.settle()
    assert scene.accounts[account_id].state is State.NEEDS_USER

    assert browser.connect(account=account_id).outcome is Outcome.CONNECTED

    assert_connected_and_read(scene, account_id)


def test_a_limit_to_some_calendars_outlives_connecting_again(scene, browser):
    browser.connect()
    (account_id,) = scene.accounts
    calendar = scene.mirror.provider.control("GET", f"accounts/{account_id}")["calendars"][0]
    scene.mirror.accounts.limit_to(account_id, (calendar["calendar_id"],))
    scene.mirror.accounts.remember_channel(account_id, None)

    browser.connect(account=account_id)

    account = scene.accounts[account_id]
    assert account.calendars == account.channel.calendars == (calendar["calendar_id"],)


def test_an_account_of_another_data_center_stays_as_it_is(scene, browser):
    browser.connect()
    (account_id,) = scene.accounts
    scene.mirror.accounts.kept[account_id] = replace(scene.accounts[account_id], data_center="de")
    before, messages = dict(scene.accounts), list(scene.mirror.queue.messages)

    reply = browser.connect(scene.link("second"), account=account_id)

    assert is_page(reply, Outcome.OTHER_DATA_CENTER, 409, to_do="Tell whoever runs the application")
    assert scene.accounts == before
    assert scene.mirror.queue.messages == messages
    assert scene.calls[-1][1] == "/oauth/token"


def test_an_account_that_is_being_erased_does_not_come_back(scene, browser):
    browser.connect()
    (account_id,) = scene.accounts
    scene.mirror.accounts.mark_erasing(account_id, since=scene.mirror.clock())
    before, messages = dict(scene.accounts), list(scene.mirror.queue.messages)

    reply = browser.connect(scene.link("second"), account=account_id)

    assert is_page(reply, Outcome.BEING_ERASED, 409, to_do="Try again in a few minutes")
    assert scene.accounts == before
    assert scene.mirror.queue.messages == messages

    scene.mirror.accounts.remove(account_id)
    assert browser.connect(try_again(reply), account=account_id).outcome is Outcome.CONNECTED
    assert_connected_and_read(scene, account_id, ("second",))


def test_an_account_that_is_erased_at_the_same_time_is_said_to_be(scene, browser):
    class ErasedAtOnce:
        def connect(self, account, *, connected_at):
            return True

        def get(self, account_id):
            return None

    scene.connect = replace(scene.connect, accounts=ErasedAtOnce())

    reply = browser.connect()

    assert reply.outcome is Outcome.BEING_ERASED
    assert scene.mirror.queue.messages == []


# --- What is refused: each with a page, and none with a call


def begin(scene, text):
    return scene.connect.begin(Request({"link": text}, []))


FORGED_LINKS = {
    "none": lambda scene: "",
    "garbage": lambda scene: "garbage",
    "another key": lambda scene: query_of(scene.link(keys=("guessed",)))["link"],
    "a letter more": lambda scene: query_of(scene.link())["link"] + "A",
    "a letter less": lambda scene: query_of(scene.link())["link"][:-1],
    "padded": lambda scene: query_of(scene.link())["link"] + "=",
    "twice": lambda scene: ",".join([query_of(scene.link())["link"]] * 2),
    "a state": lambda scene: query_of(Browser(scene).open(scene.link()).headers["Location"])[
        "state"
    ],
    "huge": lambda scene: "A" * 1_000_000,
}


@pytest.mark.parametrize("make", FORGED_LINKS.values(), ids=FORGED_LINKS)
def test_a_forged_link_is_refused(scene, make):
    text = make(scene)
    before = scene.shown()

    reply = begin(scene, text)

    assert is_page(reply, Outcome.FORGED, 403, to_do="Go back to the application")
    assert reply.cookies == ()
    assert scene.calls == []
    assert scene.shown() == before


def test_a_request_without_a_link_is_refused(scene):
    assert scene.connect.begin(Request({}, [])).outcome is Outcome.FORGED
    assert scene.connect.finish(Request({}, [])).outcome is Outcome.FORGED
    assert scene.calls == []


def test_a_link_is_refused_once_it_is_too_old(scene, browser):
    link, before = scene.link(minutes=60), scene.shown()
    scene.mirror.clock.turn(3600)

    reply = browser.open(link)

    assert is_page(reply, Outcome.LATE, 410, to_do="Go back to the application")
    assert browser.cookies == {}
    assert scene.calls == []
    assert scene.shown() == before


def test_a_link_to_a_foreign_site_is_refused_before_anybody_consents(scene, browser):
    before = scene.shown()

    reply = browser.open(scene.link(return_to="https://app.example.com.evil.example/"))

    assert is_page(reply, Outcome.FOREIGN_RETURN, 403, to_do="Tell whoever gave it to you")
    assert "evil" not in reply.body
    assert browser.cookies == {}
    assert scene.calls == []
    assert scene.shown() == before


def refuse(error):
    def refusing(*_args, **_named):
        raise error

    return refusing


NOT_NOW = [
    (SettingsError("the secret holds no key"), Outcome.NOT_CONFIGURED, "Tell whoever runs it"),
    (AwsCallError("a secret: ClientError"), Outcome.UNAVAILABLE, "Try again in a minute"),
]


@pytest.mark.parametrize("missing", ["keys", "client"])
@pytest.mark.parametrize(("error", "outcome", "to_do"), NOT_NOW)
def test_without_its_secrets_nothing_is_begun(scene, browser, missing, error, outcome, to_do):
    link, before = scene.link(), scene.shown()
    scene.connect = replace(scene.connect, **{missing: refuse(error)})

    reply = browser.open(link)

    assert is_page(reply, outcome, 503, to_do=to_do)
    assert reply.reason == str(error)
    assert browser.cookies == {}
    assert scene.calls == []
    assert scene.shown() == before


@pytest.mark.parametrize("missing", ["keys", "client"])
@pytest.mark.parametrize(("error", "outcome", "to_do"), NOT_NOW)
def test_without_its_secrets_nothing_is_finished(scene, browser, missing, error, outcome, to_do):
    query = browser.consent()
    healthy, scene.connect = scene.connect, replace(scene.connect, **{missing: refuse(error)})

    reply = browser.come_back(query)

    assert is_page(reply, outcome, 503, to_do=to_do)
    assert reply.reason == str(error)
    assert scene.calls == []
    assert scene.accounts == {}
    scene.connect = healthy
    assert browser.connect().outcome is Outcome.CONNECTED


FORGED_STATES = {
    "none": lambda scene, query: {**query, "state": ""},
    "garbage": lambda scene, query: {**query, "state": "garbage"},
    "a letter more": lambda scene, query: {**query, "state": f"{query['state']}A"},
    "padded": lambda scene, query: {**query, "state": f"{query['state']}="},
    "a link": lambda scene, query: {**query, "state": query_of(scene.link())["link"]},
    "another key": lambda scene, query: {
        **query,
        "state": query_of(scene.link(keys=("guessed",)))["link"],
    },
    "twice": lambda scene, query: {**query, "state": ",".join([query["state"]] * 2)},
    "only a code": lambda scene, query: {"code": query["code"]},
    "no code": lambda scene, query: {"state": query["state"]},
    "an empty code": lambda scene, query: {**query, "code": ""},
    "two codes": lambda scene, query: {**query, "code": f"{query['code']},{query['code']}"},
    "a huge code": lambda scene, query: {**query, "code": "c" * 513},
    "a code of other letters": lambda scene, query: {**query, "code": "c\r\nHost: evil"},
}


@pytest.mark.parametrize("change", FORGED_STATES.values(), ids=FORGED_STATES)
def test_a_forged_return_is_refused(scene, browser, change):
    query = browser.consent()
    forged, before = change(scene, query), scene.shown()

    reply = browser.come_back(forged)

    assert is_page(reply, Outcome.FORGED, 403, to_do="Go back to the application")
    assert scene.calls == []
    assert scene.shown() == before
    assert browser.come_back(query).outcome is Outcome.CONNECTED


def test_a_state_is_refused_once_it_is_too_old(scene, browser):
    query, before = browser.consent(), scene.shown()
    scene.mirror.clock.turn(CONSENT_TIME.total_seconds())

    reply = browser.come_back(query)

    assert is_page(reply, Outcome.LATE, 410, to_do="Go back to the application")
    assert scene.calls == []
    assert scene.shown() == before


def test_a_user_may_take_the_whole_time_at_the_consent_page(scene, browser):
    reply = browser.open(scene.link())
    scene.mirror.clock.turn(CONSENT_TIME.total_seconds() - 1)

    assert browser.come_back(browser.decide(reply)).outcome is Outcome.CONNECTED


FOREIGN_COOKIES = {
    "none": [],
    "empty": [""],
    "another browser's": ["__Host-calendar_mirror_connect=nobody-can-guess-9999999999"],
    "without the prefix": ["calendar_mirror_connect=nobody-can-guess-0000000000"],
    "garbage": ["\0=;=;;", "__Host-calendar_mirror_connect"],
}


@pytest.mark.parametrize("cookies", FOREIGN_COOKIES.values(), ids=FOREIGN_COOKIES)
def test_what_was_begun_in_one_browser_is_not_finished_in_another(scene, browser, cookies):
    """Or somebody's calendar could be connected under somebody else's name, by a mere link."""
    query, before = browser.consent(), scene.shown()

    reply = scene.connect.finish(Request(query, cookies))

    assert is_page(reply, Outcome.OTHER_BROWSER, 403, to_do="Go back to the application")
    assert scene.calls == []
    assert scene.shown() == before
    assert browser.come_back(query).outcome is Outcome.CONNECTED


def test_a_browser_with_a_cookie_of_its_own_cannot_finish_what_another_began(scene, browser):
    other = Browser(scene)
    other.open(scene.link("other"))

    reply = other.come_back(browser.consent())

    assert reply.outcome is Outcome.OTHER_BROWSER
    assert scene.calls == []


def test_an_origin_that_is_no_longer_allowed_is_not_returned_to(scene, browser):
    query, before = browser.consent(scene.link(return_to=DONE)), scene.shown()
    scene.connect = replace(scene.connect, return_to=())

    reply = browser.come_back(query)

    assert is_page(reply, Outcome.FOREIGN_RETURN, 403, to_do="Tell whoever gave it to you")
    assert DONE not in unescape(reply.body)
    assert scene.calls == []
    assert scene.shown() == before


def test_a_user_who_denies_is_told_how_to_try_again_or_to_leave(scene, browser):
    query = browser.consent(scene.link(return_to=DONE), decision="deny")
    before = scene.shown()

    reply = browser.come_back(query)

    assert is_page(reply, Outcome.DENIED, 200, to_do="try again; otherwise you can close")
    assert f"{DONE}&calendar_mirror=denied" in unescape(reply.body)
    assert scene.calls == []
    assert scene.shown() == before
    assert browser.connect(try_again(reply)).outcome is Outcome.CONNECTED


def test_a_user_who_denies_may_go_back_and_allow(scene, browser):
    begun = browser.open(scene.link())
    assert browser.come_back(browser.decide(begun, "deny")).outcome is Outcome.DENIED

    assert browser.come_back(browser.decide(begun)).outcome is Outcome.CONNECTED


@pytest.mark.parametrize(
    "error", ["server_error", "", "<script>alert(1)</script>", "access_denied,access_denied"]
)
def test_a_consent_that_failed_is_named(scene, browser, error):
    query = browser.consent()
    before = scene.shown()

    reply = browser.come_back({"error": error, "state": query["state"]})

    assert is_page(reply, Outcome.CONSENT_FAILED, 400, to_do="Try again")
    assert error in unescape(reply.body)
    assert "<script" not in reply.body
    assert scene.calls == []
    assert scene.shown() == before
    assert browser.connect(try_again(reply)).outcome is Outcome.CONNECTED


def test_an_error_wins_over_a_code(scene, browser):
    assert browser.come_back({**browser.consent(), "error": "x"}).outcome is Outcome.CONSENT_FAILED
    assert scene.calls == []


def test_a_code_is_taken_once(scene, browser):
    query = browser.consent()
    browser.come_back(query)
    before, calls = scene.shown(), len(scene.calls)

    replies = [browser.come_back(query) for _ in range(3)]

    assert all(
        is_page(reply, Outcome.REPLAYED, 409, to_do="connect it from there again")
        for reply in replies
    )
    assert len(scene.calls) == calls
    assert scene.shown() == before


def test_a_finished_state_takes_no_other_code(scene, browser):
    query = browser.consent()
    browser.come_back(query)
    calls = len(scene.calls)

    reply = browser.come_back({**query, "code": "another-code"})

    assert reply.outcome is Outcome.REPLAYED
    assert len(scene.calls) == calls


def test_a_code_that_cronofy_refuses_stores_nothing(scene, browser):
    query = {**browser.consent(), "code": "made-up"}

    reply = browser.come_back(query)

    assert is_page(reply, Outcome.CODE_REFUSED, 400, to_do="Try again")
    assert scene.accounts == {}
    assert scene.mirror.queue.messages == []
    assert browser.connect(try_again(reply)).outcome is Outcome.CONNECTED


def test_another_try_is_possible_when_the_link_has_ended_meanwhile(scene, browser):
    begun = browser.open(scene.link(minutes=1))
    scene.mirror.clock.turn(300)
    reply = browser.come_back(browser.decide(begun, "deny"))

    assert browser.connect(try_again(reply)).outcome is Outcome.CONNECTED


# --- What Cronofy answers to the code


class Altered:
    """Cronofy, but with other answers to a path."""

    def __init__(self, provider, path, alter):
        self.provider, self.path, self.alter = provider, path, alter

    def send(self, request, **named):
        response = self.provider.send(request, **named)
        if urlsplit(request.url).path == self.path:
            body = json.dumps(self.alter(json.loads(response.raw.read()))).encode()
            response.raw = HTTPResponse(io.BytesIO(body), preload_content=False)
        return response

    def close(self):
        """Nothing is open."""


def altered(scene, path, **fields):
    """Let answers of *path* have other *fields*; `None`: they lack them."""
    session = scene.mirror.provider.session()

    def alter(document):
        return {n: v for n, v in {**document, **fields}.items() if v is not None}

    session.mount("https://", Altered(scene.mirror.provider, path, alter))
    scene.connect = replace(
        scene.connect, cronofy=lambda _: Cronofy(URL, session, scene.mirror.clock)
    )


def paths(scene):
    return [path for _, path, _ in scene.calls]


def test_an_answer_with_sub_alone_names_the_account(scene, browser):
    altered(scene, "/oauth/token", account_id=None)

    assert browser.connect().outcome is Outcome.CONNECTED
    assert "/v1/userinfo" not in paths(scene)
    assert_connected_and_read(scene, only(scene.accounts))


def test_an_answer_that_names_no_account_is_followed_by_a_call_that_does(scene, browser):
    altered(scene, "/oauth/token", account_id=None, sub=None)

    assert browser.connect().outcome is Outcome.CONNECTED
    assert paths(scene) == ["/oauth/token", "/v1/userinfo", "/v1/channels"]
    assert_connected_and_read(scene, only(scene.accounts))


@pytest.mark.parametrize(
    ("fault", "outcome", "status"),
    [
        ({"kind": "status", "status": 503}, Outcome.UNAVAILABLE, 503),
        ({"kind": "drop_after"}, Outcome.UNAVAILABLE, 503),
        ({"kind": "status", "status": 401}, Outcome.UNEXPECTED, 502),
        ({"kind": "status", "status": 404}, Outcome.UNEXPECTED, 502),
        ({"kind": "malformed"}, Outcome.UNEXPECTED, 502),
    ],
    ids=str,
)
def test_an_account_that_cannot_be_named_is_not_stored(scene, browser, fault, outcome, status):
    altered(scene, "/oauth/token", account_id=None, sub=None)
    scene.fault(path="/v1/userinfo", **fault)

    reply = browser.connect()

    assert is_page(reply, outcome, status, to_do="Try again")
    assert scene.accounts == {}
    assert scene.mirror.queue.messages == []
    scene.mended()
    assert browser.connect(try_again(reply)).outcome is Outcome.CONNECTED


@pytest.mark.parametrize("account_id", ["acc/1", "acc 1", "a" * 129, "acc_1\n", "äcc"])
def test_an_account_whose_id_cannot_be_a_key_is_not_stored(scene, browser, account_id):
    altered(scene, "/oauth/token", account_id=account_id)

    reply = browser.connect()

    assert is_page(reply, Outcome.UNEXPECTED, 502, to_do="tell whoever runs the application")
    assert scene.accounts == {}
    assert scene.mirror.queue.messages == []


@pytest.mark.parametrize("missing", ["access_token", "refresh_token"])
def test_an_answer_without_tokens_stores_nothing(scene, browser, missing):
    altered(scene, "/oauth/token", **{missing: None})

    reply = browser.connect()

    assert is_page(reply, Outcome.UNEXPECTED, 502, to_do="Try again")
    assert missing in reply.body
    assert scene.accounts == {}


def test_a_service_account_is_refused_by_name(scene, browser):
    altered(scene, "/oauth/token", account_id=None, sub=None, service_account_id="ser_1")

    reply = browser.connect()

    assert is_page(reply, Outcome.UNEXPECTED, 502, to_do="tell whoever runs the application")
    assert "service account" in reply.body
    assert paths(scene) == ["/oauth/token"]
    assert scene.accounts == {}
    assert scene.mirror.queue.messages == []


# --- Something is down in the middle

DOWN = [
    {"kind": "drop_before"},
    {"kind": "drop_after"},
    {"kind": "status", "status": 503},
    {"kind": "status_after", "status": 503},
    {"kind": "status", "status": 429},
]


@pytest.mark.parametrize("fault", DOWN, ids=str)
def test_cronofy_down_at_the_exchange_stores_nothing_and_another_try_connects(
    scene, browser, fault
):
    link = scene.link()
    query = browser.consent(link)
    scene.fault(path="/oauth/token", **fault)

    reply = browser.come_back(query)

    assert is_page(reply, Outcome.UNAVAILABLE, 503, to_do="Try again in a minute")
    assert scene.accounts == {}
    assert scene.mirror.queue.messages == []
    scene.mended()
    assert browser.come_back(query).outcome is Outcome.REPLAYED
    assert browser.connect(try_again(reply)).outcome is Outcome.CONNECTED
    assert browser.connect(link, account=only(scene.accounts)).outcome is Outcome.CONNECTED
    assert_connected_and_read(scene, only(scene.accounts))


@pytest.mark.parametrize(
    ("fault", "outcome", "status"),
    [
        ({"kind": "malformed"}, Outcome.UNEXPECTED, 502),
        ({"kind": "status", "status": 422}, Outcome.UNEXPECTED, 502),
        ({"kind": "status", "status": 401}, Outcome.UNAVAILABLE, 503),  # our client's credentials
    ],
    ids=str,
)
def test_an_exchange_that_is_answered_strangely_stores_nothing(
    scene, browser, fault, outcome, status
):
    scene.fault(path="/oauth/token", **fault)

    reply = browser.connect()

    assert is_page(reply, outcome, status, to_do="Try again")
    assert scene.accounts == {}
    scene.mended()
    assert browser.connect(try_again(reply)).outcome is Outcome.CONNECTED


@pytest.mark.parametrize(
    "fault",
    [*DOWN, {"kind": "malformed"}, *({"kind": "status", "status": s} for s in (401, 403, 422))],
    ids=str,
)
def test_without_a_channel_the_account_is_connected_and_the_read_creates_it(scene, browser, fault):
    scene.fault(path="/v1/channels", **fault)

    reply = browser.connect()

    assert reply.outcome is Outcome.CONNECTED
    account = only(scene.accounts.values())
    assert account.channel is None
    scene.mended()
    assert_connected_and_read(scene, account.account_id)


def test_an_access_token_that_ends_at_once_is_refreshed_for_the_channel(scene, browser):
    scene.fault(kind="expire_access", path="/v1/channels", count=1)

    assert browser.connect().outcome is Outcome.CONNECTED
    assert paths(scene) == ["/oauth/token", "/v1/channels", "/oauth/token", "/v1/channels"]
    assert_connected_and_read(scene, only(scene.accounts))


class Failing:
    """A table, or a queue, of which one call fails, before or after it has taken effect."""

    def __init__(self, edge, method, error, *, after):
        self._edge, self._method, self._error, self._after = edge, method, error, after

    def __getattr__(self, name):
        method = getattr(self._edge, name)
        if name != self._method:
            return method

        def failing(*args, **named):
            if self._after:
                method(*args, **named)
            raise self._error

        return failing


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    "error",
    [StoreBusyError("busy"), StoreRefusedError("refused"), AwsCallError("no answer")],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize(
    ("edge", "method"),
    [("authorizations", "claim"), ("accounts", "connect"), ("accounts", "get")],
)
def test_a_table_that_is_busy_asks_for_another_try(scene, browser, edge, method, error, after):
    healthy = scene.connect
    failing = Failing(getattr(healthy, edge), method, error, after=after)
    scene.connect = replace(healthy, **{edge: failing})

    reply = browser.connect()

    assert is_page(reply, Outcome.UNAVAILABLE, 503, to_do="Try again in a minute")
    assert "Nothing was stored" not in reply.body
    assert edge == "accounts" or scene.calls == []
    scene.connect = healthy
    known = next(iter(scene.accounts), "")
    assert browser.connect(try_again(reply), account=known).outcome is Outcome.CONNECTED
    assert_connected_and_read(scene, only(scene.accounts))


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("error", [StoreBusyError("busy"), AccountGoneError("erased")])
def test_a_channel_that_could_not_be_remembered_is_found_again(scene, browser, error, after):
    healthy = scene.connect
    failing = Failing(healthy.accounts, "remember_channel", error, after=after)
    scene.connect = replace(healthy, accounts=failing)

    assert browser.connect().outcome is Outcome.CONNECTED

    assert_connected_and_read(scene, only(scene.accounts))


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("begins_anew", [False, True])
def test_a_queue_that_refuses_leaves_an_account_that_the_clock_reads(
    scene, browser, begins_anew, after
):
    error = AwsCallError("the queue: EndpointConnectionError")
    scene.connect = replace(
        scene.connect, send=Failing(scene.mirror, "send", error, after=after).send
    )

    reply = browser.connect()

    assert is_page(reply, Outcome.UNAVAILABLE, 503, to_do="Try again in a minute")
    (account_id,) = scene.accounts
    if begins_anew:
        scene.connect = replace(scene.connect, send=scene.mirror.send)
        again = browser.connect(try_again(reply), account=account_id)
        assert again.outcome is Outcome.CONNECTED
    assert_connected_and_read(scene, account_id)


def test_a_budget_that_is_used_up_costs_no_call_and_no_account(scene, browser):
    query = browser.consent()
    scene.connect = replace(
        scene.connect,
        cronofy=lambda _: Cronofy(
            URL,
            scene.mirror.provider.session(),
            scene.mirror.clock,
            admit=refuse(RateLimitedError("used up", 30.0)),
        ),
    )

    reply = browser.come_back(query)

    assert is_page(reply, Outcome.UNAVAILABLE, 503, to_do="Try again in a minute")
    assert scene.calls == []
    assert scene.accounts == {}


# --- The process is stopped between any two calls


class StoppedError(BaseException):
    """The function is gone; nothing of ours may catch this."""


@dataclass
class Steps:
    """Counts the moments just before and just after each call, and stops at one of them."""

    stop_at: int
    taken: int = 0

    def take(self):
        self.taken += 1
        if self.taken == self.stop_at:
            raise StoppedError

    def around(self, method):
        def stepped(*args, **named):
            self.take()
            answer = method(*args, **named)
            self.take()
            return answer

        return stepped


class Stepped:
    """An edge whose calls are steps."""

    def __init__(self, edge, steps):
        self._edge, self._steps = edge, steps

    def __getattr__(self, name):
        return self._steps.around(getattr(self._edge, name))


def stopped(scene, browser, query, stop_at):
    """Come back to a function that stops at a step. Tell whether it came to that."""
    steps, healthy = Steps(stop_at), scene.connect
    session = scene.mirror.provider.session()
    session.mount("https://", Stepped(scene.mirror.provider, steps))
    scene.connect = replace(
        healthy,
        accounts=Stepped(healthy.accounts, steps),
        authorizations=Stepped(healthy.authorizations, steps),
        keys=steps.around(healthy.keys),
        client=steps.around(healthy.client),
        send=steps.around(healthy.send),
        cronofy=lambda _: Cronofy(URL, session, scene.mirror.clock),
    )
    try:
        browser.come_back(query)
    except StoppedError:
        return True
    finally:
        scene.connect = healthy
    return False


def connected_before(scene):
    """Another user has connected the account already, and it was read."""
    Browser(scene).connect(scene.link("first"))
    scene.settle()
    scene.mirror.clock.turn(600)
    (account_id,) = scene.accounts
    return account_id


def grant_ended(scene):
    account_id = connected_before(scene)
    scene.mirror.provider.control("POST", f"accounts/{account_id}/tokens/revoke")
    scene.mirror.ask(account_id)
    scene.mirror.settle()
    return account_id


def unknown(scene):
    return ""


def runs(prepare, **settings):
    """Yield a scene for each step, stopped there, with the browser and what it came back with."""
    for stop_at in range(1, MOST_STEPS):
        scene = Scene(**settings)
        browser, account_id = Browser(scene), prepare(scene)
        query = browser.consent(scene.link(), account=account_id)
        if not stopped(scene, browser, query, stop_at):
            assert stop_at >= 12
            return
        yield stop_at, scene, browser, query
    raise AssertionError("there is no end to it")


@pytest.mark.parametrize("prepare", [unknown, connected_before, grant_ended])
def test_after_a_stop_between_any_two_calls_beginning_anew_connects_and_reads(prepare):
    for stop_at, scene, browser, query in runs(prepare):
        known = next(iter(scene.accounts), "")
        refs = set(scene.accounts[known].user_refs) if known else set()

        repeated = browser.come_back(query)
        assert repeated.outcome in (Outcome.CONNECTED, Outcome.REPLAYED), f"step {stop_at}"
        again = browser.connect(account=known or next(iter(scene.accounts), ""))

        assert again.outcome is Outcome.CONNECTED, f"stopped at step {stop_at}"
        expected = tuple(sorted(refs | {"user 42"}))
        assert_connected_and_read(scene, only(scene.accounts), expected)


@pytest.mark.parametrize("prepare", [unknown, connected_before])
def test_after_a_stop_an_account_that_is_in_place_is_read_by_the_clock(prepare):
    in_place = 0
    for _, scene, _, _ in runs(prepare):
        for account_id, account in scene.accounts.items():
            in_place += 1
            scene.mirror.clock.turn(86400)
            scene.mirror.provider.control(
                "POST", f"accounts/{account_id}/events", summary="after the stop", quiet=True
            )
            assert_connected_and_read(scene, account_id, account.user_refs)
    assert in_place >= 6


def test_a_stop_leaves_an_account_whole_or_not_at_all():
    for _, scene, _, _ in runs(unknown):
        for account in scene.accounts.values():
            assert account.user_refs == ("user 42",)
            assert account.account_id in scene.mirror.accounts.looks
            assert None not in (account.tokens.access, account.tokens.refresh)
            assert isinstance(account.channel, Channel | None)
