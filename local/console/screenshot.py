"""`python -m console.screenshot --stack-file F --to F.png`: the page at work, for the README."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from local_stack import stack

_PATIENCE_MS = 30_000
#: Enough of a burst's way for the page to show both sides apart.
_ON_THE_WAY_MS = 1_200


def main() -> int:
    options = _options()
    url = stack.read(options.stack_file).console_url
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if url is None or chromium is None:
        print("This needs a stack with a console, and Chromium.", file=sys.stderr)
        return 1
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 860})
        page.goto(url)
        _play(page)
        page.screenshot(path=options.to)
        browser.close()
    return 0


def _play(page: Page) -> None:
    """Connect an account, make a change of each kind, and stop in the middle of a burst."""
    expect(page.locator("#rows")).to_contain_text("rows", timeout=_PATIENCE_MS)
    account = page.locator("#account")
    before = account.input_value()
    page.get_by_role("button", name="Connect a new account").click()
    expect(account).not_to_have_value(before, timeout=_PATIENCE_MS)
    expect(page.locator("#rows")).to_have_text("71 rows", timeout=_PATIENCE_MS)
    arrived = page.locator("#log li.arrived")
    already = arrived.count()
    for number, name in enumerate(("New event", "Rename", "Move in time", "Delete"), start=1):
        page.get_by_role("button", name=name).click()
        expect(arrived).to_have_count(already + number, timeout=_PATIENCE_MS)
    page.get_by_role("button", name="Burst of 50").click()
    page.wait_for_timeout(_ON_THE_WAY_MS)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="console.screenshot", description=__doc__)
    parser.add_argument("--stack-file", type=Path, required=True, help="a running local stack")
    parser.add_argument("--to", type=Path, required=True, help="the picture's file")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
