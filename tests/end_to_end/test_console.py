"""The page, in a real browser, on a real stack."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from local_stack.stack import Stack

_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture
def page() -> Iterator[Page]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(_QUIET))
        yield browser.new_page()
        browser.close()


def test_a_new_event_is_seen_arriving(stack: Stack, page: Page) -> None:
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(str(stack.console_url))
    page.get_by_role("button", name="Connect a new account").click()
    expect(page.locator("#rows")).to_have_text("71 rows", timeout=20_000)
    page.get_by_role("button", name="New event").click()
    expect(page.locator("#log li").first).to_contain_text("in the table after", timeout=20_000)
    expect(page.locator("#verdict")).to_have_text("equal")
    expect(page.locator("#rows")).to_have_text("72 rows")
    assert problems == []
