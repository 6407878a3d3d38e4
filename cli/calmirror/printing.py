"""What commands print: a table for people, or one JSON document with ``--json``."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from decimal import Decimal
from typing import Any

import click
from rich.cells import cell_len
from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

from calendar_mirror import instants

#: Columns where nobody looks at a screen: rows stay lines, for grep.
_UNBOUNDED = 100_000
#: Blanks between two columns.
_GAP = 2

as_json = click.option("--json", "as_json", is_flag=True, help="One JSON document, for programs.")


def console(**options: Any) -> Console:
    """Return what draws on the terminal, without colours where the operator wants none."""
    return Console(color_system="auto" if colours_wanted() else None, **options)


def colours_wanted() -> bool:
    """Tell whether colours are allowed. Source: https://no-color.org"""
    return not os.environ.get("NO_COLOR")


def progress(said: str) -> AbstractContextManager[Status]:
    """
    Show, on a terminal, what is going on. Print nothing meanwhile: it would share the line.
    """
    return console(stderr=True).status(said)


def table(rows: Sequence[Mapping[str, Any]], columns: Iterable[str], *, empty: str) -> None:
    """
    Print *rows*, one column for each key of *columns*; *empty* where there are none.

    No word is cut, so that ids can be copied whole. Where the screen is too narrow for that, each
    row becomes a block of lines.
    """
    if not rows:
        click.echo(empty)
        return
    columns = tuple(columns)
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    widths = [_longest_word(rows, name) for name in columns]
    for name, width in zip(columns, widths, strict=True):
        drawn.add_column(name.replace("_", " "), min_width=width)
    for row in rows:
        drawn.add_row(*(Text(_text(row.get(name))) for name in columns))
    screen = console(highlight=False, width=None if sys.stdout.isatty() else _UNBOUNDED)
    if sum(widths) + _GAP * (len(widths) - 1) <= screen.width:
        screen.print(drawn)
        return
    for number, row in enumerate(rows):
        if number:
            click.echo()
        record({name: row.get(name) for name in columns})


def _longest_word(rows: Sequence[Mapping[str, Any]], column: str) -> int:
    cells = [column.replace("_", " "), *(_text(row.get(column)) for row in rows)]
    return max(cell_len(word) for cell in cells for word in cell.split(" "))


def record(fields: Mapping[str, Any]) -> None:
    """Print one thing, a line for each field."""
    width = max(len(name) for name in fields)
    for name, value in fields.items():
        click.echo(f"{name.replace('_', ' '):{width}}  {_text(value)}")


def outcome(fields: Mapping[str, Any], said: str, *, as_json: bool) -> None:
    """Print what a command did: *fields* for programs, the sentence *said* for people."""
    if as_json:
        document(fields)
    else:
        click.echo(said)


def document(value: Any) -> None:
    """Print *value* as JSON."""
    click.echo(json_text(value, indent=2))


def json_text(value: Any, *, indent: int | None = None) -> str:
    """Write *value*, in which there may be times and DynamoDB's numbers, as JSON."""
    return json.dumps(value, default=_plain, ensure_ascii=False, indent=indent)


def count(number: int, noun: str) -> str:
    """Say how many, in words that agree."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def age(instant: datetime | None, now: datetime) -> str:
    """Say how long ago *instant* was, in one unit."""
    if instant is None:
        return "never"
    seconds = max(0, round((now - instant).total_seconds()))
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit} ago"
    return f"{seconds} s ago"


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return instants.to_text(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} is not for JSON")


def _text(value: Any) -> str:
    return one_line("–" if value is None or value == "" else str(value))


def one_line(text: str) -> str:
    """Return *text* so that what others wrote into a calendar cannot steer the terminal."""
    return "".join(character if character.isprintable() else " " for character in text)
