"""
`python -m console.connect_screenshot --stack-file F --to F.png`: what users see, for the README.

Two pages side by side: a calendar that is connected, and a link that does not work.
"""

from __future__ import annotations

import argparse
import base64
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from local_stack import stack

_EACH = (560, 290)
_SIDE_BY_SIDE = (
    "<body style='margin:0;padding:12px;display:flex;gap:12px;background:#d0d7de'>"
    "<img src='data:image/png;base64,{}'><img src='data:image/png;base64,{}'>"
)


def main() -> int:
    options = _options()
    connect_url = stack.read(options.stack_file).outputs["ConnectUrl"]
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("This needs Chromium.", file=sys.stderr)
        return 1
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        connected = _connected(browser, _link(options.stack_file))
        refused = _refused(browser, f"{connect_url}?link=forged")
        width, height = _EACH
        page = browser.new_page(viewport={"width": 2 * width + 36, "height": height + 24})
        page.set_content(_SIDE_BY_SIDE.format(connected, refused))
        page.screenshot(path=options.to)
        browser.close()
    return 0


def _link(stack_file: Path) -> str:
    command = [str(Path(sys.executable).with_name("calmirror")), "connect-link", "--user-ref", "42"]
    done = subprocess.run(
        [*command, "--stack", str(stack_file)], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def _connected(browser: Browser, link: str) -> str:
    page = browser.new_page(viewport={"width": _EACH[0], "height": _EACH[1]})
    page.goto(link)
    page.get_by_role("button", name="Allow").click()
    expect(page).to_have_title("Your calendar is connected")
    return base64.b64encode(page.screenshot()).decode()


def _refused(browser: Browser, address: str) -> str:
    page = browser.new_page(viewport={"width": _EACH[0], "height": _EACH[1]})
    page.goto(address)
    expect(page.get_by_role("heading")).to_have_text("This address does not work")
    return base64.b64encode(page.screenshot()).decode()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="console.connect_screenshot", description=__doc__)
    parser.add_argument("--stack-file", type=Path, required=True, help="a running local stack")
    parser.add_argument("--to", type=Path, required=True, help="the picture's file")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
