"""`calmirror status`: one screen about a stack."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import click

from calmirror import printing, shown
from calmirror.letters import depth
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
    fields["accounts"] = ", ".join(f"{n} {state}" for state, n in fields["accounts"].items())
    printing.record(fields)


def _fields(stack: Stack) -> dict[str, Any]:
    client = stack.client("sqs")
    queue, dead_letters = stack.output("SyncQueueUrl"), stack.output("DeadLetterQueueUrl")
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
        "dead_letters": depth(client, dead_letters, "", "NotVisible"),
    }
