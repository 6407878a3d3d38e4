"""Do AWS and Cronofy leave room for what the stack is set to do?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime

from calendar_mirror import budgets
from calendar_mirror.budgets import Slowdown
from calmirror import printing
from calmirror.health.findings import Finding, error, ok, warning
from calmirror.stacks import Stack

#: What the other functions need beside `sync`: see docs/concurrency.md.
_OTHERS = 6
_MINUTES_A_DAY = 24 * 60
#: Fewer calls than are taken now is worth a word.
_SLOWED = 1.2


def concurrency(stack: Stack) -> Iterator[Finding]:
    """Hold the concurrency that Lambda has left against what `sync` may take of it."""
    limits = stack.client("lambda").get_account_settings()["AccountLimit"]
    free, wanted = (
        int(limits["UnreservedConcurrentExecutions"]),
        int(stack.parameters.get("SyncConcurrency", 4)),
    )
    said = f"Lambda has {free} concurrent executions; SyncConcurrency takes up to {wanted} of them"
    do = (
        'Have the quota "Concurrent executions" of Lambda raised (Service Quotas), or lower '
        "SyncConcurrency: else `receive` is throttled, and channels are at risk."
    )
    if reserved := int(stack.parameters.get("ReceiveReservedConcurrency", 0)):
        said = f"{said}; {reserved} more are kept for `receive`"
    if free <= wanted and not reserved:
        yield error("limits", f"{said}, which leaves none for `receive`.", do)
    elif free < wanted + _OTHERS - (1 if reserved else 0):
        yield warning("limits", f"{said}, which leaves few for the other functions.", do)
    else:
        yield ok("limits", f"{said}.")


def calls(stack: Stack, accounts: int, now: datetime) -> Iterator[Finding]:
    """Hold the budget of calls against the number of accounts, and say what is left of it."""
    a_day = budgets.looks_within(stack.calls_per_minute, _MINUTES_A_DAY)
    said = f"{stack.calls_per_minute} calls a minute carry {a_day} daily full reads"
    if accounts > a_day:
        need = math.ceil(accounts / a_day * stack.calls_per_minute)
        yield error(
            "budget",
            f"{said}; the stack has {printing.count(accounts, 'account')}.",
            f"Ask Cronofy for about {need} calls a minute, and then deploy with "
            "CronofyCallsPerMinute; or spread the accounts over several applications.",
        )
    else:
        yield ok("budget", f"{said}; the stack has {printing.count(accounts, 'account')}.")
    for item in budget_items(stack):
        yield from _slowed(item, now)


def budget_items(stack: Stack) -> list[dict[str, float | str]]:
    """Return what is kept of the budget at each data center."""
    found = stack.dynamodb().scan(TableName=stack.output("BudgetTableName"))["Items"]
    return [
        {
            "data_center": str(item["data_center"]),
            "ahead_s": float(item.get("arrival_ms", 0)) / 1000,
            "slowed": float(item.get("slowed_percent", 100)) / 100,
            "slowed_since": float(item.get("slowed_ms", 0)) / 1000,
        }
        for item in found
    ]


def headroom(stack: Stack, item: dict[str, float | str], now: datetime) -> float:
    """Return which part of a burst of calls is left (0 to 1)."""
    seconds = now.timestamp()
    limit = budgets.limit(stack.calls_per_minute).slowed(_factor(item, seconds))
    return limit.headroom(float(item["ahead_s"]) - seconds)


def _slowed(item: dict[str, float | str], now: datetime) -> Iterator[Finding]:
    factor = _factor(item, now.timestamp())
    if factor < _SLOWED:
        return
    yield warning(
        "budget",
        f"Cronofy ({item['data_center']}) answered 429 though the stack kept to its budget: "
        f"everything takes {factor:.1f} times as long for now.",
        "It passes by itself within minutes. If it comes back: does something else use the same "
        "Cronofy application? Is CronofyCallsPerMinute what Cronofy grants?",
    )


def _factor(item: dict[str, float | str], now: float) -> float:
    return Slowdown(float(item["slowed"]), float(item["slowed_since"])).at(now)
