"""`calmirror accounts import`: take over many accounts, and watch until each has been read."""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import IO, TypeAlias

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.progress import BarColumn, MofNCompleteColumn, Progress

from calendar_mirror import budgets
from calendar_mirror.errors import StoreBusyError, StoreRefusedError
from calmirror import at_cronofy, import_files, printing
from calmirror.import_course import Course, Looked, Put
from calmirror.import_files import FileError, ImportFile, Row
from calmirror.stacks import Stack
from calmirror.target import on_target

#: How often the clock asks for what is due, and which part of that an import may take.
_RING_MINUTES, _SHARE = 5, 0.8
#: Accounts that are stored at the same time.
_AT_ONCE = 8
#: Most keys that DynamoDB takes in one BatchGetItem.
_BATCH = 100
#: A whole fleet is looked at more rarely than a few accounts: each look costs read units.
_LOOKED_AT_PER_S = 500
#: Seconds between two lines where nobody looks at a screen.
_LINE_EVERY_S = 30.0
#: Failures shown on a screen; ``--report`` and ``--json`` have all of them.
_SHOWN = 50
#: Of an account, as far as it is looked at here: no token.
_LOOKED_AT = ("account_id", "state", "state_reason", "last_read_started_at", "paused")

Tell: TypeAlias = Callable[[int, str], None]


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option("--dry-run", is_flag=True, help="Check the file; store nothing.")
@click.option("--no-wait", is_flag=True, help="Store the accounts, and look at them only once.")
@click.option("--timeout", type=click.FloatRange(min=0), help="Seconds to wait at most.")
@click.option(
    "--report",
    type=click.File("w", "utf-8", lazy=False),
    help="Where to write what failed, as CSV.",
)
@printing.as_json
@on_target
def import_(
    stack: Stack,
    file: IO[bytes],
    dry_run: bool,
    no_wait: bool,
    timeout: float | None,
    report: IO[str] | None,
    as_json: bool,
) -> None:
    """
    Take over the accounts of FILE, which your application has connected already.

    FILE (`-`: the standard input) is CSV with a header line, or a JSON object a line. Its fields:
    account_id, refresh_token; and, where wanted: access_token, data_center, user_ref, calendars
    (ids; in CSV with blanks between them).

    Stores them all, which exchanges no token and leaves alone what is there already; the mirror
    then reads them at the pace that Cronofy allows, which takes about an hour for 5,000. The same
    command may be repeated at any time, and goes on where it was. Ends with 1 if a line was
    refused, an account could not be read, or was not in time.

    From then on let the mirror refresh the tokens, or your application, not both.
    """
    course = Course(_opened(stack, file.read()))
    ended = 0
    try:
        if dry_run:
            _announce(stack, course)
        else:
            ended = _take_over(stack, course, wait=not no_wait, timeout_s=timeout)
    except KeyboardInterrupt:
        ended = _stopped("Interrupted", 130)  # as a shell says it
    except (ClientError, BotoCoreError, StoreBusyError) as error:
        ended = _stopped(f"Error: {error}", 1)
    _tell(course, report, dry_run=dry_run, as_json=as_json)
    raise SystemExit(ended or int(bool(course.failures())))


def store(
    rows: Sequence[Row],
    add: Callable[..., bool],
    now: Callable[[], datetime],
    *,
    calls_per_minute: int,
) -> Iterator[tuple[Row, Put]]:
    """
    Put each account in place, several at a time; yield what became of it, in order.

    An account that is stored is due soon, so no message is sent: whoever is stopped here leaves
    nothing half done. They are due one after the other, a little slower than the clock can ask for
    them, so that others that fall due meanwhile do not wait behind them all.

    Args:
        add: `AccountsTable.add`.
    """
    began = now()
    at_each_ring = max(1, int(_SHARE * budgets.looks_within(calls_per_minute, _RING_MINUTES)))

    def put(numbered: tuple[int, Row]) -> Put:
        number, row = numbered
        due_at = began + timedelta(minutes=_RING_MINUTES * (number // at_each_ring))
        try:
            return Put.STORED if add(row.account, added_at=now(), due_at=due_at) else Put.THERE
        except StoreRefusedError:
            return Put.REFUSED

    pool = ThreadPoolExecutor(_AT_ONCE)
    try:
        yield from zip(rows, pool.map(put, enumerate(rows)), strict=True)
    finally:
        pool.shutdown(cancel_futures=True)


def duration(seconds: float) -> str:
    """Say about how long *seconds* are."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    hours, minutes = divmod(minutes, 60)
    return f"about {hours} h {minutes} min" if hours else f"about {minutes} min"


def _opened(stack: Stack, content: bytes) -> ImportFile:
    check = at_cronofy.clients(stack).of
    try:
        return import_files.read(content, data_center=stack.data_center, check_data_center=check)
    except FileError as error:
        raise click.ClickException(str(error)) from None


def _stopped(why: str, exit_code: int) -> int:
    click.echo(f"{why}. Stored accounts keep syncing; run the command again to continue.", err=True)
    return exit_code


def _announce(stack: Stack, course: Course) -> None:
    rows = len(course.file.rows)
    click.echo(
        f"{rows} accounts would be stored, where they are not there already. "
        f"Reading them takes {duration(rows / _planned_per_s(stack))}.",
        err=True,
    )


def _take_over(stack: Stack, course: Course, *, wait: bool, timeout_s: float | None) -> int:
    """Return 1 if the time was up before the end."""
    _store(stack, course)
    if Put.STORED in course.puts.values():
        _ask_for_reads(stack)
    if _follow(stack, course, wait=wait, timeout_s=timeout_s):
        return 0
    click.echo("Timed out. Stored accounts keep syncing.", err=True)
    return 1


def _store(stack: Stack, course: Course) -> None:
    """Store what is not there yet; to find that out first makes a repetition quick."""
    names = [row.account.account_id for row in course.file.rows]
    there = {name for name, item in _looked_at(stack, names) if item}
    course.puts.update(dict.fromkeys(there, Put.THERE))
    new = [row for row in course.file.rows if row.account.account_id not in there]
    with _progress("storing", len(names)) as tell:
        tell(len(course.puts), "")
        for row, put in _stored(stack, new):
            course.put(row, put)
            tell(len(course.puts), "")


def _stored(stack: Stack, rows: Sequence[Row]) -> Iterator[tuple[Row, Put]]:
    add, calls = stack.accounts().add, stack.calls_per_minute
    return store(rows, add, at_cronofy.now, calls_per_minute=calls)


def _ask_for_reads(stack: Stack) -> None:
    """Spare the wait for the clock."""
    try:
        stack.client("lambda").invoke(
            FunctionName=stack.output("ReconcileFunctionName"), InvocationType="Event"
        )
    except (ClientError, BotoCoreError, click.ClickException) as error:
        click.echo(
            f"The first reads are delayed: {error} The schedule requests them within five minutes.",
            err=True,
        )


def _follow(stack: Stack, course: Course, *, wait: bool, timeout_s: float | None) -> bool:
    """Look at the accounts until each is read or has failed; tell whether that was in time."""
    planned, began, first = _planned_per_s(stack), time.monotonic(), None
    with _progress("reading", len(course.puts)) as tell:
        while True:
            course.look(_looked_at(stack, course.waiting))
            waiting, elapsed = len(course.waiting), time.monotonic() - began
            first = waiting if first is None else first
            pace = (first - waiting) / elapsed if first > waiting else planned
            tell(len(course.puts) - waiting, _standing(course, waiting / pace))
            if not waiting or not wait:
                return True
            if timeout_s is not None and elapsed >= timeout_s:
                return False
            pause = max(1.0, waiting / _LOOKED_AT_PER_S)
            time.sleep(pause if timeout_s is None else min(pause, timeout_s - elapsed))


def _standing(course: Course, left_s: float) -> str:
    counts = course.counts()
    said = ", ".join(f"{counts[name]} {name}" for name in ("read", "failed", "waiting"))
    return f"{said}, {duration(left_s)} left" if counts["waiting"] else said


def _looked_at(stack: Stack, account_ids: Sequence[str]) -> Iterator[Looked]:
    """
    Yield each account's item without its tokens, ``None`` for one that is not there. What DynamoDB
    leaves out for now is left out here as well.
    """
    client, table = stack.dynamodb(), stack.output("AccountsTableName")
    names = {f"#{name}": name for name in _LOOKED_AT}
    asked = {"ConsistentRead": True, "ExpressionAttributeNames": names}
    for start in range(0, len(account_ids), _BATCH):
        batch = account_ids[start : start + _BATCH]
        keys = [{"account_id": each} for each in batch]
        answer = client.batch_get_item(
            RequestItems={table: {"Keys": keys, "ProjectionExpression": ", ".join(names), **asked}}
        )
        found = {item["account_id"]: item for item in answer["Responses"].get(table, ())}
        left_out = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", ())
        later = {key["account_id"] for key in left_out}
        yield from ((each, found.get(each)) for each in batch if each not in later)


def _planned_per_s(stack: Stack) -> float:
    """Return how many accounts fall due in a second."""
    return _SHARE * budgets.looks_within(stack.calls_per_minute, 60) / 3600


@contextmanager
def _progress(label: str, total: int) -> Iterator[Tell]:
    """Show how far it has come: as a bar, or now and then as a line."""
    if not sys.stderr.isatty():
        yield _lines(label, total)
        return
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), "{task.fields[told]}")
    with Progress(*columns, console=printing.console(stderr=True)) as progress:
        task = progress.add_task(label, total=total, told="")
        yield lambda done, told: progress.update(task, completed=done, told=told)


def _lines(label: str, total: int) -> Tell:
    told_at = float("-inf")

    def tell(done: int, told: str) -> None:
        nonlocal told_at
        now = time.monotonic()
        if done == total or now - told_at >= _LINE_EVERY_S:
            told_at = now
            click.echo(f"{label}: {done} of {total}{told and ': '}{told}", err=True)

    return tell


def _tell(course: Course, report: IO[str] | None, *, dry_run: bool, as_json: bool) -> None:
    failures, columns = course.failures(), ("line", "account_id", "reason")
    if report:
        writer = csv.DictWriter(report, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(failures)
    if as_json:
        printing.document({"dry_run": dry_run, **course.counts(), "failures": failures})
        return
    printing.record(course.counts())
    if failures:
        click.echo()
        printing.table(failures[:_SHOWN], columns, empty="")
    if len(failures) > _SHOWN:
        click.echo(f"… and {len(failures) - _SHOWN} more, which --report writes to a file.")
