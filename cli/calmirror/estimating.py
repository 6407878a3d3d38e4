"""`calmirror estimate`: what a stack would cost, before there is one."""

from __future__ import annotations

from collections import defaultdict

import click

from calmirror import idle, prices, printing, usage
from calmirror.usage import Load

_DEFAULT = (0, 100, 1_000, 10_000)


@click.command()
@click.argument("accounts", nargs=-1, type=click.IntRange(min=0))
@click.option("--notifications", type=click.FloatRange(min=0), default=Load(0).notifications)
@click.option("--events", type=click.IntRange(min=0), default=Load(0).events)
@click.option("--architecture", type=click.Choice(["arm64", "x86_64"]), default="arm64")
@click.option("--flood", type=click.FloatRange(min=0), help="So many unsigned requests a second.")
@printing.as_json
def estimate(
    accounts: tuple[int, ...],
    notifications: float,
    events: int,
    architecture: str,
    flood: float | None,
    as_json: bool,
) -> None:
    """
    Say what a stack would cost a month with so many ACCOUNTS (0, 100, 1,000 and 10,000): USD, list
    prices, no free tier. Asks no AWS.

    --notifications are those of a day and account, --events those in an account's window. --flood
    says instead what it costs when so many requests that nobody signed come all month.
    """
    if flood is not None:
        usd = sum(line.usd for line in usage.flood(flood, architecture))
        said = f"{usd:,.2f} USD a month for {flood:g} unsigned requests a second."
        printing.outcome({"usd": round(usd, 2)}, said, as_json=as_json)
        return
    rows = [
        _row(Load(number, notifications, events), architecture) for number in accounts or _DEFAULT
    ]
    if as_json:
        printing.document(rows)
        return
    shown = [{name: _shown(value) for name, value in row.items()} for row in rows]
    printing.table(shown, rows[0], empty="")
    click.echo(
        f"\nUSD a month, list prices of {prices.REGION} of {prices.AS_OF}, with {notifications:g} "
        f"notifications a day and {events} events for each account.\n"
        "docs/cost.md has the arithmetic."
    )


def _row(load: Load, architecture: str) -> dict[str, float]:
    by_service: dict[str, float] = defaultdict(float)
    for line in idle.estimated(load, architecture):
        by_service[line.price.service] += line.usd
    total = sum(by_service.values())
    services = {service: round(usd, 2) for service, usd in by_service.items()}
    return {"accounts": load.accounts, "total": round(total, 2), **services}


def _shown(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
