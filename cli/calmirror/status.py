"""`calmirror status`: one screen about a stack."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import click

from calmirror import accounts, printing
from calmirror.stacks import Stack, on_stack


@click.command()
@printing.as_json
@on_stack
def status(stack: Stack, as_json: bool) -> None:
    """Show how a stack is doing."""
    found = list(accounts.items(stack))
    reads = sorted(read for item in found if (read := accounts.last_read(item)))
    now = datetime.now(UTC)
    fields: dict[str, Any] = {
        "stack": stack.name,
        "aws": stack.endpoint or stack.session.region_name,
        "notifications_url": stack.outputs["NotificationsUrl"],
        "accounts": dict(Counter(item["state"] for item in found)),
        "never_read": len(found) - len(reads),
        "latest_read": reads[-1] if reads else None,
        "oldest_read": reads[0] if reads else None,
        "messages_waiting": _depth(stack, "SyncQueueUrl", "", "Delayed"),
        "messages_in_flight": _depth(stack, "SyncQueueUrl", "NotVisible"),
        "dead_letters": _depth(stack, "DeadLetterQueueUrl", "", "NotVisible"),
    }
    if as_json:
        printing.document(fields)
        return
    for name in ("latest_read", "oldest_read"):
        fields[name] = printing.age(fields[name], now)
    fields["accounts"] = ", ".join(f"{n} {state}" for state, n in fields["accounts"].items())
    printing.record(fields)


def _depth(stack: Stack, output: str, *kinds: str) -> int:
    names: list[Any] = [f"ApproximateNumberOfMessages{kind}" for kind in kinds]
    answer = stack.client("sqs").get_queue_attributes(
        QueueUrl=stack.outputs[output], AttributeNames=names
    )
    return sum(int(answer["Attributes"].get(name, 0)) for name in names)
