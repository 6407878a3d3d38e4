"""`calmirror tail`: what the mirror does, live."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import click

from calmirror import completion, log_lines, printing
from calmirror.durations import Duration
from calmirror.health import resources
from calmirror.log_lines import FUNCTIONS, Line
from calmirror.stacks import Stack, on_stack

#: Seconds between two looks. Source: CloudWatch Logs user guide, "CloudWatch Logs quotas"
#: (FilterLogEvents: five a second in small regions; a look takes one for each function)
_LOOK_EVERY_S = 2.0
#: What a function writes takes some seconds to be found, and comes in no strict order.
_LATE = timedelta(seconds=15)


@click.command()
@click.option(
    "--function",
    "functions",
    multiple=True,
    type=click.Choice(FUNCTIONS),
    help="Of this function alone; may be repeated. [default: all]",
)
@click.option(
    "--account",
    "account_id",
    shell_complete=completion.account_ids,
    help="Lines about this account alone.",
)
@click.option("--troubles", is_flag=True, help="Only what somebody may have to see to.")
@click.option(
    "--since", type=Duration(), default="1min", show_default=True, help="Begin so long ago."
)
@click.option("--no-follow", is_flag=True, help="Show what there is, and end.")
@printing.as_json
@on_stack
def tail(
    stack: Stack,
    functions: tuple[str, ...],
    account_id: str | None,
    troubles: bool,
    since: timedelta,
    no_follow: bool,
    as_json: bool,
) -> None:
    """
    Follow what the functions do: a line for each account that was handled, until Ctrl-C. With
    --json one document on each line.

    Notifications come without an account: `receive` writes down as little as it can.
    """
    groups = _groups(stack, functions or FUNCTIONS)
    looks = _once(since) if no_follow else _again_and_again(since)
    try:
        for line in lines(stack, groups, looks):
            if account_id in (None, line.account_id) and (line.is_trouble or not troubles):
                _print(line, as_json)
    except KeyboardInterrupt:
        return


def _groups(stack: Stack, functions: Iterable[str]) -> dict[str, str]:
    """
    Return the log group of each function.

    Raises:
        click.ClickException: the stack has none of them.
    """
    logical = {f"{name.capitalize()}LogGroup": name for name in functions}
    groups = {
        logical[each.name]: each.physical_id
        for each in resources.of(stack, "AWS::Logs::LogGroup")
        if each.name in logical
    }
    if not groups:
        raise click.ClickException(f"The stack {stack.name!r} has no logs of these functions.")
    return groups


def _once(since: timedelta) -> Iterator[datetime]:
    """Yield from when on to look, one time."""
    yield datetime.now(UTC) - since


def _again_and_again(since: timedelta) -> Iterator[datetime]:
    yield from _once(since)
    while True:
        time.sleep(_LOOK_EVERY_S)
        yield datetime.now(UTC) - _LATE


def lines(stack: Stack, groups: Mapping[str, str], looks: Iterable[datetime]) -> Iterator[Line]:
    """
    Yield each line once, those of one look in their order.

    Args:
        groups: the log group of each function.
        looks: from when on to look, each time.
    """
    seen: dict[tuple[str, int, str], int] = {}
    for start in looks:
        first = round(start.timestamp() * 1000)
        found = sorted(
            (each for each in _events(stack, groups, first) if each not in seen),
            key=lambda event: event[1],
        )
        seen = {event: event[1] for event in (*seen, *found) if event[1] >= first}
        for function, at, message in found:
            line = log_lines.read(function, at, message)
            if line is not None:
                yield line


def _events(stack: Stack, groups: Mapping[str, str], first: int) -> Iterator[tuple[str, int, str]]:
    """Yield function, time and text of what was logged since *first* (milliseconds)."""
    pages = stack.client("logs").get_paginator("filter_log_events")
    for function, group in groups.items():
        for page in pages.paginate(logGroupName=group, startTime=first):
            for event in page["events"]:
                yield function, event["timestamp"], event["message"]


def _print(line: Line, as_json: bool) -> None:
    if as_json:
        click.echo(printing.json_text(asdict(line)))
        return
    said = printing.one_line(f"{line.account_id or ''}  {line.said}".strip())
    text = f"{line.at:%H:%M:%S}  {line.function:9}  {said}"
    click.secho(text, fg="yellow" if line.is_trouble else None)
