"""`calmirror cost`: what a stack costs a month."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from calendar_mirror import measures
from calmirror import prices, printing, shown, usage
from calmirror.durations import Duration
from calmirror.health import resources
from calmirror.meters import Meters
from calmirror.stacks import Stack, on_stack
from calmirror.usage import Line, Load

_NOT_COUNTED = (
    "data that leaves AWS, and the targets of the change feed's rules",
    "requests to Secrets Manager: a few thousand a month",
    "the dashboard, which is within what CloudWatch shows for nothing (three to an AWS account)",
    "versions of the key: each of the first two yearly rotations adds a dollar a month",
    "free tiers and discounts, which make a small stack cheaper",
    "what Cronofy charges",
)


@click.command()
@click.option("--over", type=Duration(), default="7d", show_default=True, help="Look so far back.")
@click.option(
    "--accounts", type=click.IntRange(min=0), help="What it would cost with so many accounts."
)
@click.option(
    "--notifications",
    type=click.FloatRange(min=0),
    default=Load(0).notifications,
    show_default=True,
    help="For each account and day, where it is not measured.",
)
@click.option(
    "--events",
    type=click.IntRange(min=0),
    default=Load(0).events,
    show_default=True,
    help="In the window of each account, where they are not counted.",
)
@printing.as_json
@on_stack
def cost(
    stack: Stack,
    over: timedelta,
    accounts: int | None,
    notifications: float,
    events: int,
    as_json: bool,
) -> None:
    """
    Say what a stack costs a month at the rates of the last days, as CloudWatch has measured them;
    what it has not measured is assumed from the number of accounts, and said to be.

    With --accounts nothing is measured: what so many accounts would take is assumed.
    """
    now = datetime.now(UTC)
    load = Load(_count(stack) if accounts is None else accounts, notifications, events)
    lines = _lines(stack, load, over, now, is_asked_for=accounts is not None)
    total = sum(line.usd for line in lines)
    rows = [_row(line) for line in lines]
    if as_json:
        about = {"currency": "USD", "prices_of": prices.REGION, "prices_as_of": prices.AS_OF}
        printing.document(
            {**about, "accounts": load.accounts, "total": round(total, 2), "lines": rows}
        )
        return
    said = [
        row | {"usd": f"{row['usd']:.2f}", "a_month": _short(row["a_month"])}
        for row in rows
        if row["a_month"]
    ]
    printing.table(said, rows[0], empty="")
    _print_total(total, load.accounts, stack)


def _lines(
    stack: Stack, load: Load, over: timedelta, now: datetime, *, is_asked_for: bool
) -> list[Line]:
    given = stack.parameters
    found = dict(
        usage.assumed(
            load,
            given.get("Architecture", "arm64"),
            given.get("Metrics", measures.Choice.ESSENTIAL),
        )
    )
    meters = Meters.of(stack, now=now, over=min(over, _age(stack, now)))
    standing = [line for line in meters.standing() if line.price not in found or not is_asked_for]
    running = [] if is_asked_for else list(meters.running())
    found |= {line.price: line for line in (*standing, *running)}
    return sorted(found.values(), key=lambda line: (line.price.service, -line.usd))


def _age(stack: Stack, now: datetime) -> timedelta:
    """Return how old a stack is: it has used nothing before; an hour at the least."""
    created: Any = resources.described(stack)["CreationTime"]
    age: timedelta = now - created
    return max(age, timedelta(hours=1))


def _count(stack: Stack) -> int:
    return sum(1 for _ in shown.items(stack))


def _row(line: Line) -> dict[str, Any]:
    return {
        "service": line.price.service,
        "usd": round(line.usd, 4),
        "a_month": round(line.quantity, 3),
        "of": line.price.unit,
        "basis": line.basis,
    }


def _short(quantity: float) -> str:
    return f"{quantity:,.0f}" if quantity >= 100 else f"{quantity:.3g}"


def _print_total(total: float, accounts: int, stack: Stack) -> None:
    each = f", {total / accounts:.4f} for each of {accounts} accounts" if accounts else ""
    click.echo(f"\n{total:.2f} USD a month{each}.")
    click.echo(
        f"List prices of {prices.REGION} of {prices.AS_OF} (https://aws.amazon.com/pricing/); "
        "compare them with your region's."
    )
    if stack.endpoint:
        click.echo("A local stack costs nothing; this is what it would cost in AWS.")
    click.echo(f"Not counted: {_listed(_NOT_COUNTED)}.")


def _listed(what: Iterable[str]) -> str:
    return "; ".join(what)
