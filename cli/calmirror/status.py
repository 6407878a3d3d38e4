"""`calmirror status`: one screen about a stack."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import click

from calmirror import printing, shown
from calmirror.dead_letters import of
from calmirror.health import backlog, capacity
from calmirror.letters import Letter, depth
from calmirror.stacks import Stack, on_stack


@click.command()
@printing.as_json
@on_stack
def status(stack: Stack, as_json: bool) -> None:
    """Show how a stack is doing."""
    fields = _fields(stack)
    if as_json:
        printing.document(fields)
        return
    now = datetime.now(UTC)
    for name in ("latest_read", "oldest_read"):
        fields[name] = printing.age(fields[name], now)
    seconds = fields["oldest_waiting_s"]
    fields["oldest_waiting_s"] = "not measured" if seconds is None else seconds
    fields["budget_headroom"] = _listed(
        {k: f"{v:.0%}" for k, v in fields["budget_headroom"].items()}
    )
    fields["dead_letters_by_age"] = _listed(fields["dead_letters_by_age"])
    fields["accounts"] = ", ".join(f"{n} {state}" for state, n in fields["accounts"].items())
    printing.record(fields)


def _fields(stack: Stack) -> dict[str, Any]:
    client, queue, letters = stack.client("sqs"), stack.output("SyncQueueUrl"), of(stack)
    count, now = letters.about(), datetime.now(UTC)
    oldest = backlog.oldest(stack, now)
    found = list(shown.items(stack))
    reads = sorted(read.started_at for item in found if (read := shown.last_read(item)))
    return {
        "stack": stack.name,
        "aws": stack.endpoint or stack.session.region_name,
        "notifications_url": stack.output("NotificationsUrl"),
        "accounts": dict(Counter(shown.condition(item) for item in found)),
        "never_read": len(found) - len(reads),
        "latest_read": reads[-1] if reads else None,
        "oldest_read": reads[0] if reads else None,
        "messages_waiting": depth(client, queue, "", "Delayed"),
        "messages_in_flight": depth(client, queue, "NotVisible"),
        "oldest_waiting_s": None if oldest is None else round(oldest.total_seconds()),
        "budget_headroom": {
            item["data_center"]: round(capacity.headroom(stack, item, now), 2)
            for item in capacity.budget_items(stack)
        },
        "dead_letters": count,
        "dead_letters_by_age": _by_age(letters.shown(), now) if count else {},
    }


def _by_age(letters: Iterable[Letter], now: datetime) -> dict[str, int]:
    """Count those that SQS shows, by how long ago they came."""
    ages = [now - letter.arrived for letter in letters]
    bounds = [timedelta(0), timedelta(hours=1), timedelta(days=1), timedelta.max]
    names = ("last_hour", "last_day", "older")
    return {
        name: sum(first <= max(age, timedelta(0)) < last for age in ages)
        for name, (first, last) in zip(names, pairwise(bounds), strict=True)
    }


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in values.items())
