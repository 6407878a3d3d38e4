"""Does DynamoDB keep up?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from calmirror.health import measured
from calmirror.health.findings import Finding, error, ok
from calmirror.stacks import Stack

_TABLES = ("EventsTableName", "AccountsTableName", "BudgetTableName")
_LATELY = timedelta(hours=1)


def throttled(stack: Stack, now: datetime) -> Iterator[Finding]:
    """
    Say which tables DynamoDB throttled lately, as CloudWatch has it.

    Source: DynamoDB developer guide, "DynamoDB Metrics and dimensions"
    """
    found = False
    for output in _TABLES:
        name = stack.output(output)
        for metric in ("ReadThrottleEvents", "WriteThrottleEvents"):
            count = measured.total(
                stack, "AWS/DynamoDB", metric, {"TableName": name}, over=_LATELY, now=now
            )
            if count:
                found = True
                kind = metric.removesuffix("ThrottleEvents").lower()
                yield error(
                    "tables",
                    f"DynamoDB throttled {count:.0f} {kind}s of {name} within the last hour.",
                    "Nothing is lost: what was throttled is tried again. If it stays: a maximum "
                    "throughput set on the table, the account's table quota (Service Quotas), or "
                    "other readers of one account's rows; `aws dynamodb describe-table "
                    f"--table-name {name}` shows the first.",
                )
    if not found:
        where = "" if stack.endpoint is None else " (a local stack measures none)"
        yield ok("tables", f"No throttling within the last hour{where}.")
