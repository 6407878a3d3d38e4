"""`python -m demonstration`: shows the local stack at work. Ends 0 only if both sides are equal."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import requests
from rich.console import Console
from rich.status import Status

from calmirror import samples
from demonstration import sight, steps
from demonstration.calendar import Calendar
from demonstration.measuring import Passage, Watch
from demonstration.sight import Sight
from local_stack.stack import Stack


def main() -> int:
    console = Console(highlight=False)
    try:
        looking = sight.at(_options().stack_file)
    except (OSError, ValueError, KeyError):
        console.print("There is no local stack. Bring one up: make up", style="red")
        return 1
    try:
        return _demonstrate(looking, console)
    except requests.RequestException as error:
        console.print(
            "The demonstration changes calendars through the simulator's control API, and "
            f"{looking.stack.cronofy_api_url} did not take that: {type(error).__name__}. "
            "Bring the stack up without CRONOFY_API_URL.",
            style="red",
        )
        return 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="demonstration", description=__doc__)
    parser.add_argument("--stack-file", type=Path, default=Path(".local/stack.json"))
    return parser.parse_args()


def _demonstrate(looking: Sight, console: Console) -> int:
    calendar = looking.calendar
    account = calendar.new_account(_account_id(calendar), ["Home", "Work"])
    steps.fill(calendar, account, today=datetime.now(UTC).date())
    watch = looking.watch(account.account_id)
    _heading(console)
    connected = steps.Step("account connected", lambda: looking.put_in_place(account))
    arrived = [
        _show(step, watch, console) for step in [connected, *steps.changes(calendar, account)]
    ]
    return _verdict(all(arrived), watch, looking.stack, console)


def _account_id(calendar: Calendar) -> str:
    """The samples in `events/` are about the first account; later ones have an id of their own."""
    if samples.ACCOUNT_ID not in calendar.account_ids():
        return samples.ACCOUNT_ID
    return f"acc_demo_{uuid4().hex[:8]}"


def _heading(console: Console) -> None:
    console.print()
    console.print("From a change in the calendar to its row in the table:")
    console.print(f"  {'':28}{'time':>9}{'Cronofy calls':>16}{'rows written':>15}", style="dim")


def _show(step: steps.Step, watch: Watch, console: Console) -> bool:
    with console.status(step.title) as status:
        passage = watch.until_equal(step.make, lambda s: _waiting(status, step.title, s))
    console.print(_line(step.title, passage), style=None if passage.seconds else "red")
    return passage.seconds is not None


def _waiting(status: Status, title: str, seconds: float) -> None:
    status.update(f"{title}: not in the table yet, {seconds:.1f} s")


def _line(title: str, passage: Passage) -> str:
    time_taken = f"{passage.seconds:.2f} s" if passage.seconds is not None else "never"
    return f"  {title:28}{time_taken:>9}{passage.calls:>16}{passage.writes:>15}"


def _verdict(arrived: bool, watch: Watch, found: Stack, console: Console) -> int:
    differing = watch.differing()
    rows = len(watch.mirror.hashes(watch.account_id))
    console.print()
    if differing or not arrived:
        console.print(
            f"The table does NOT equal the calendar: {len(differing)} differ", style="red"
        )
        for key in sorted(differing)[:10]:
            console.print(f"  {key}", style="red", markup=False)
        console.print(f"The logs are in {found.logs}")
        return 1
    console.print(f"Compared all {rows} rows with the calendar: equal.", style="green")
    console.print("The stack goes on running. Look around:")
    if found.console_url:
        console.print(f"  console     {found.console_url}")
    bin_directory = Path(sys.executable).parent.relative_to(Path.cwd())
    console.print(f"  accounts    {bin_directory}/calmirror accounts list")
    console.print(f"  compare     {bin_directory}/calmirror verify {watch.account_id}")
    console.print("  stop it     make down")
    return 0


if __name__ == "__main__":
    sys.exit(main())
