"""
`python -m console.dashboard_screenshot --lines F --to F.png`: the dashboard, for the README.

The lines are metrics in the embedded metric format, and the states of alarms as ``{"alarm": NAME,
"state": "OK"}``: `python -m tests.simulation.telling` writes such for some simulated hours.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from console import dashboard, graphs
from console.telemetry import Telemetry

_TEMPLATE = Path(__file__).parents[2] / "template.yaml"
#: The dashboard opens with the last six hours.
_SHOWN_S = 6 * 3600


def main() -> int:
    options = _options()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("This needs Chromium.", file=sys.stderr)
        return 1
    picture = _picture(options.lines)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 24 * graphs.COLUMN, "height": 800})
        page.set_content(f'<body style="margin: 0">{picture}</body>')
        page.screenshot(path=options.to, full_page=True)
        browser.close()
    return 0


def _picture(lines: Path) -> str:
    telemetry, states = Telemetry(), {}
    for line in lines.read_text().splitlines():
        if "_aws" in line:
            telemetry.take(line)
        else:
            told = json.loads(line)
            states[told["alarm"]] = told["state"]
    latest = max(at for told in telemetry.told.values() for at, _ in told)
    end = -(-latest // 300) * 300
    body = dashboard.body(dashboard.read(_TEMPLATE))
    return graphs.page(body, telemetry, states, end - _SHOWN_S, end)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="console.dashboard_screenshot")
    parser.add_argument("--lines", type=Path, required=True, help="what was told, line by line")
    parser.add_argument("--to", type=Path, required=True, help="the picture's file")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
