"""From a connect link to the first rows: in a real browser, on a real stack."""

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import boto3
import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from calendar_mirror import connect_links
from calendar_mirror.invitations import Invitation
from demonstration import sight
from demonstration.measuring import Watch
from demonstration.sight import Sight

RunLocalStack = Callable[..., subprocess.CompletedProcess[str]]

_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
#: `python -m local_stack up`, with a parameter for which that has no option.
_BRING_UP = """
import os, sys
from pathlib import Path
from rich.console import Console
from local_stack import bringing_up, provider
from local_stack.display import Display
from local_stack.locations import Locations

directory, origins = sys.argv[1:]
bringing_up.bring_up(
    Locations(Path(directory)),
    provider.from_environ(os.environ),
    {"ReturnToOrigins": origins},
    os.environ,
    Display(Console()),
)
"""
_EVENTS = 5
_FIRST_ROWS_S = 15


class _Application(BaseHTTPRequestHandler):
    """The user's application: the page to which its users come back."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<title>The application</title>")

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture(scope="module")
def application() -> Iterator[str]:
    """Return the origin of an application that users come back to."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Application)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, application: str, run_local_stack: RunLocalStack
) -> Iterator[Sight]:
    """Return a stack that sends its users back to *application*, with fuller new calendars."""
    directory = tmp_path_factory.mktemp("connect")
    try:
        up = subprocess.run(
            [sys.executable, "-c", _BRING_UP, directory, f"https://app.example.com,{application}"],
            env={name: value for name, value in os.environ.items() if "CRONOFY" not in name},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert up.returncode == 0, up.stdout
        looking = sight.at(directory / "stack.json")
        looking.calendar.call("PATCH", "settings", {"consent_events": _EVENTS})
        yield looking
    finally:
        run_local_stack("down", directory)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=found, args=list(_QUIET))


@pytest.fixture
def new_browser(chromium: Browser) -> Iterator[Callable[[], BrowserContext]]:
    """`new_browser()`: one that has no cookies, and shares none."""
    with contextlib.ExitStack() as opened:
        yield lambda: opened.enter_context(contextlib.closing(chromium.new_context()))


@pytest.fixture
def page(new_browser: Callable[[], BrowserContext]) -> Page:
    return new_browser().new_page()


def connect_link(stack: Sight, user_ref: str, *options: str) -> str:
    """Ask for a link as a user does."""
    command = [str(Path(sys.executable).with_name("calmirror")), "connect-link"]
    done = subprocess.run(
        [*command, "--user-ref", user_ref, *options, "--stack", str(stack.file)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def own_link(stack: Sight, *, keys: tuple[str, ...] = (), **changed: Any) -> str:
    """Make a link as an application does, with the stack's key or with others."""
    secrets = boto3.client(
        "secretsmanager",
        endpoint_url=stack.stack.aws_endpoint_url,
        region_name=stack.stack.region,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    secret = secrets.get_secret_value(SecretId=stack.stack.outputs["LinkKeysArn"])["SecretString"]
    secrets.close()
    invitation = Invitation("user", "us", datetime.now(UTC) + timedelta(hours=1))
    return connect_links.link(
        stack.stack.outputs["ConnectUrl"],
        replace(invitation, **changed),
        keys or connect_links.keys(secret),
    )


def allow(page: Page, email: str) -> None:
    expect(page.get_by_role("heading")).to_have_text("Connect your calendar")
    page.get_by_label("E-mail address of a new calendar").fill(email)
    page.get_by_role("button", name="Allow").click()


def account_of(stack: Sight, email: str) -> Mapping[str, Any] | None:
    accounts = stack.calendar.call("GET", "accounts")["accounts"]
    return next((each for each in accounts if each["email"] == email), None)


def calls(stack: Sight) -> Any:
    """Return what Cronofy was asked, once nothing is on its way any more."""
    deadline = time.monotonic() + 20
    while not stack.queue.is_empty() and time.monotonic() < deadline:
        time.sleep(0.1)
    return stack.calendar.call("GET", "calls")


def kept(stack: Sight, account_id: str) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = stack.dynamodb.get_item(
        TableName=stack.stack.outputs["AccountsTableName"], Key={"account_id": account_id}
    ).get("Item")
    return found


def assert_first_rows(stack: Sight, email: str, user_ref: str) -> Watch:
    """Wait until the table shows the new calendar, and look at what else there has to be."""
    account = account_of(stack, email)
    assert account is not None
    account_id = account["account_id"]
    watch = stack.watch(account_id)
    deadline = time.monotonic() + _FIRST_ROWS_S
    while len(stack.mirror.hashes(account_id)) < _EVENTS and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(stack.mirror.hashes(account_id)) == _EVENTS
    assert watch.differing() == set()

    (channel,) = stack.calendar.call("GET", f"accounts/{account_id}")["channels"]
    item = kept(stack, account_id)
    assert item is not None
    assert item["user_refs"] == {user_ref}
    assert item["channel_id"] == channel["channel_id"]
    assert channel["callback_url"] == stack.stack.notifications_url.replace(
        "{account_id}", account_id
    )
    return watch


def test_from_the_link_over_the_consent_page_to_the_first_rows_and_the_next_change(
    stack: Sight, page: Page
) -> None:
    user_ref, email = f"user-{uuid4().hex}", f"{uuid4().hex}@example.com"
    page.goto(connect_link(stack, user_ref))
    expect(page.get_by_role("heading")).to_have_text("Connect your calendar")
    problems: list[str] = []
    page.wait_for_load_state("networkidle")  # what the consent page asks for is not ours
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    allow(page, email)

    expect(page).to_have_title("Your calendar is connected")
    expect(page.locator("body")).to_have_attribute("data-outcome", "connected")
    assert user_ref not in page.content() + page.url
    watch = assert_first_rows(stack, email, user_ref)
    assert problems == []
    watch.until_equal(
        lambda: stack.calendar.create(watch.account_id, {"summary": "later"}), lambda _: None
    )
    assert len(stack.mirror.hashes(watch.account_id)) == _EVENTS + 1


def test_the_browser_returns_to_the_application(stack: Sight, page: Page, application: str) -> None:
    email = f"{uuid4().hex}@example.com"

    page.goto(connect_link(stack, "user", "--return-to", f"{application}/calendars?tab=1"))
    allow(page, email)

    expect(page).to_have_title("The application")
    account = account_of(stack, email)
    assert account is not None
    assert page.url.startswith(f"{application}/calendars?")
    assert dict(parse_qsl(urlsplit(page.url).query)) == {
        "tab": "1",
        "calendar_mirror": "connected",
        "account_id": account["account_id"],
    }
    assert_first_rows(stack, email, "user")


def test_who_denies_can_go_back_to_the_application_or_try_again(
    stack: Sight, page: Page, application: str
) -> None:
    email, before = f"{uuid4().hex}@example.com", calls(stack)
    page.goto(connect_link(stack, "user", "--return-to", f"{application}/calendars"))
    page.get_by_role("button", name="Deny").click()

    expect(page.get_by_role("heading")).to_have_text("Your calendar is not connected")
    expect(page.get_by_role("link", name="Back")).to_have_attribute(
        "href", f"{application}/calendars?calendar_mirror=denied"
    )
    assert calls(stack) == before
    assert account_of(stack, email) is None

    page.get_by_role("link", name="Try again").click()
    allow(page, email)
    expect(page).to_have_title("The application")
    assert_first_rows(stack, email, "user")


def test_going_back_and_allowing_once_more_says_that_it_was_finished_before(
    stack: Sight, page: Page
) -> None:
    email = f"{uuid4().hex}@example.com"
    page.goto(connect_link(stack, "user"))
    allow(page, email)
    expect(page).to_have_title("Your calendar is connected")
    account_id = assert_first_rows(stack, email, "user").account_id
    before = calls(stack)

    page.reload()
    expect(page.get_by_role("heading")).to_have_text("This was finished before")
    page.go_back()
    page.locator("select[name=account]").select_option(account_id)
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_role("heading")).to_have_text("This was finished before")

    assert calls(stack) == before


def allowed(context: BrowserContext, page: Page, email: str) -> str:
    """Allow, but do not follow: return where Cronofy sends the browser."""
    answer = context.request.post(
        page.url, form={"decision": "allow", "email": email}, max_redirects=0
    )
    assert answer.status == 302
    return answer.headers["location"]


def test_a_callback_that_is_opened_in_another_browser_is_refused(
    stack: Sight, new_browser: Callable[[], BrowserContext]
) -> None:
    """Somebody sends you the end of their own way, to connect their calendar under your name."""
    email = f"{uuid4().hex}@example.com"
    mine, other = new_browser(), new_browser()
    page, foreign = mine.new_page(), other.new_page()
    page.goto(connect_link(stack, "user"))
    callback = allowed(mine, page, email)
    before = calls(stack)

    foreign.goto(callback)
    expect(foreign.get_by_role("heading")).to_have_text("This was begun in another browser")
    foreign.goto(connect_link(stack, "another user"))  # with a cookie of its own, it is as foreign
    foreign.goto(callback)
    expect(foreign.get_by_role("heading")).to_have_text("This was begun in another browser")
    account = account_of(stack, email)
    assert account is not None
    assert kept(stack, account["account_id"]) is None
    assert calls(stack) == before

    page.goto(callback)
    expect(page).to_have_title("Your calendar is connected")
    assert_first_rows(stack, email, "user")


def test_the_command_makes_no_link_to_where_the_stack_sends_nobody(stack: Sight) -> None:
    with pytest.raises(AssertionError, match="sends nobody to"):
        connect_link(stack, "user", "--return-to", "https://app.example.com.evil.example/")


def test_hostile_requests_are_refused_with_a_page_and_cost_cronofy_nothing(stack: Sight) -> None:
    connect = stack.stack.outputs["ConnectUrl"]
    late = datetime.now(UTC) - timedelta(seconds=1)
    link = own_link(stack)
    session = requests.Session()
    begun = session.get(link, allow_redirects=False, timeout=10)
    assert begun.status_code == 303
    state = dict(parse_qsl(urlsplit(begun.headers["Location"]).query))["state"]
    cookie = begun.headers["Set-Cookie"].partition(";")[0]
    before = calls(stack)
    nobody = {"Cookie": ""}
    hostile: list[tuple[str, Mapping[str, str], int]] = [
        # forged, changed, and too late
        (connect, nobody, 403),
        (f"{connect}?link=", nobody, 403),
        (f"{connect}?link=a.b", nobody, 403),
        (f"{connect}?link={'A' * 4000}", nobody, 403),
        (f"{connect}?link=%00%ff", nobody, 403),
        (own_link(stack, keys=("guessed",)), nobody, 403),
        (f"{link}A", nobody, 403),
        (f"{link[:-1]}", nobody, 403),
        (f"{link}&link=x", nobody, 403),
        (f"{connect}?link={state}", nobody, 403),
        (own_link(stack, expires_at=late), nobody, 410),
        # to be sent elsewhere
        (own_link(stack, return_to="https://evil.example"), nobody, 403),
        (own_link(stack, return_to="//evil.example"), nobody, 403),
        (own_link(stack, return_to="https:evil.example"), nobody, 403),
        (own_link(stack, return_to="https://app.example.com@evil.example"), nobody, 403),
        (own_link(stack, return_to="https://app.example.com.evil.example"), nobody, 403),
        (own_link(stack, return_to=r"https://app.example.com\.evil.example"), nobody, 403),
        (own_link(stack, return_to="javascript:alert(1)"), nobody, 403),
        (f"{connect}?return_to=https://evil.example", nobody, 403),
        (f"{connect}/callback?return_to=https://evil.example&error=evil", nobody, 403),
        # the way back: without, with a foreign, or with a changed state
        (f"{connect}/callback", nobody, 403),
        (f"{connect}/callback?code=made-up", {"Cookie": cookie}, 403),
        (f"{connect}/callback?code=made-up&state=a.b", {"Cookie": cookie}, 403),
        (f"{connect}/callback?code=made-up&state={state}A", {"Cookie": cookie}, 403),
        (f"{connect}/callback?code=made-up&state={state}=", {"Cookie": cookie}, 403),
        (f"{connect}/callback?code=made-up&state={link.partition('=')[2]}", nobody, 403),
        (f"{connect}/callback?code=made-up&state={state}", nobody, 403),
        (f"{connect}/callback?code=made-up&state={state}", {"Cookie": f"{cookie}x"}, 403),
        (f"{connect}/callback?code=made-up&state={state}", {"Cookie": "garbage;;=;\x01"}, 403),
        (f"{connect}/callback?code=&state={state}", {"Cookie": cookie}, 403),
        (f"{connect}/callback?code={'c' * 600}&state={state}", {"Cookie": cookie}, 403),
        (f"{connect}/callback?error=<script>evil</script>&state={state}", {"Cookie": cookie}, 400),
    ]

    for address, headers, status in hostile:
        answer = requests.get(address, headers=headers, allow_redirects=False, timeout=10)
        assert (answer.status_code, address) == (status, address)
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "Location" not in answer.headers
        assert "Set-Cookie" not in answer.headers
        assert answer.text.count("<p>") == 2
        assert "<script" not in answer.text
        assert "//evil" not in answer.text

    assert calls(stack) == before
