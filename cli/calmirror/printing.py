"""What commands print: a table for people, or one JSON document with ``--json``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

as_json = click.option("--json", "as_json", is_flag=True, help="One JSON document, for programs.")


def table(rows: Sequence[Mapping[str, Any]], columns: Iterable[str], *, empty: str) -> None:
    """Print *rows*, one column for each key of *columns*; *empty* where there are none."""
    console = Console(highlight=False)
    if not rows:
        console.print(empty)
        return
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    columns = tuple(columns)
    for name in columns:
        drawn.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(_text(row.get(name))) for name in columns))
    console.print(drawn)


def record(fields: Mapping[str, Any]) -> None:
    """Print one thing, a line for each field."""
    width = max(len(name) for name in fields)
    for name, value in fields.items():
        click.echo(f"{name.replace('_', ' '):{width}}  {_text(value)}")


def document(value: Any) -> None:
    """Print *value* as JSON; numbers of DynamoDB's as they are written."""
    click.echo(json.dumps(value, default=str, ensure_ascii=False, indent=2))


def age(instant: datetime | None, now: datetime) -> str:
    """Say how long ago *instant* was, in one unit."""
    if instant is None:
        return "never"
    seconds = max(0, round((now - instant).total_seconds()))
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit} ago"
    return f"{seconds} s ago"


def _text(value: Any) -> str:
    return "–" if value is None or value == "" else str(value)
