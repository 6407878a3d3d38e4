"""`calmirror dlq`: what could not be made sense of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click

from calmirror import printing
from calmirror.stacks import Stack, on_stack

#: Seconds for which a message that we look at is hidden from others.
_HIDDEN_S = 15


@click.group()
def dlq() -> None:
    """Look at the dead-letter queue."""


@dlq.command("list")
@printing.as_json
@on_stack
def list_(stack: Stack, as_json: bool) -> None:
    """List the dead letters. They are hidden from others for a moment, and stay where they are."""
    rows = [_row(message) for message in _peeked(stack)]
    if as_json:
        printing.document(rows)
    else:
        printing.table(rows, rows[0] if rows else (), empty="No dead letter.")


def _peeked(stack: Stack) -> list[Mapping[str, Any]]:
    client, url = stack.client("sqs"), stack.outputs["DeadLetterQueueUrl"]
    found: dict[str, Mapping[str, Any]] = {}
    while True:
        answer = client.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=_HIDDEN_S,
            MessageAttributeNames=["All"],
            AttributeNames=["All"],
        )
        new = [m for m in answer.get("Messages", []) if m["MessageId"] not in found]
        if not new:
            break
        found |= {message["MessageId"]: message for message in new}
    for message in found.values():
        client.change_message_visibility(
            QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
        )
    return list(found.values())


def _row(message: Mapping[str, Any]) -> dict[str, Any]:
    attributes = message["Attributes"]
    arrived = datetime.fromtimestamp(int(attributes["SentTimestamp"]) / 1000, UTC)
    reason = message.get("MessageAttributes", {}).get("reason", {})
    return {
        "arrived": printing.age(arrived, datetime.now(UTC)),
        "account_id": attributes.get("MessageGroupId"),
        "reason": reason.get("StringValue", "received too often"),
        "message_id": message["MessageId"],
    }
