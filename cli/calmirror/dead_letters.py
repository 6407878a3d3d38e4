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
#: Asking and waiting makes SQS look on all of its servers. Source: SQS developer guide, "Amazon SQS
#: short and long polling"
_WAIT_S = 1


@click.group()
def dlq() -> None:
    """Look at the dead-letter queue."""


@dlq.command("list")
@printing.as_json
@on_stack
def list_(stack: Stack, as_json: bool) -> None:
    """
    List the dead letters. They are hidden from others for a moment, and stay where they are.

    Of one account SQS shows the first ten at a time.
    """
    client, url = stack.client("sqs"), stack.output("DeadLetterQueueUrl")
    total = depth(client, url, "", "NotVisible")
    rows = [_row(message) for message in _peeked(client, url)]
    if total > len(rows):
        click.echo(f"These are {len(rows)} of about {total}.", err=True)
    if as_json:
        printing.document(rows)
        return
    now = datetime.now(UTC)
    said = [row | {"arrived": printing.age(row["arrived"], now)} for row in rows]
    printing.table(said, said[0] if said else (), empty="No dead letter.")


def depth(client: Any, url: str, *kinds: str) -> int:
    """
    Count the messages of a queue, about.

    Args:
        kinds: ``""`` (visible), ``NotVisible``, ``Delayed``.
    """
    names: list[Any] = [f"ApproximateNumberOfMessages{kind}" for kind in kinds]
    answer = client.get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return sum(int(answer["Attributes"].get(name, 0)) for name in names)


def _peeked(client: Any, url: str) -> list[Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    try:
        while new := [m for m in _received(client, url) if m["MessageId"] not in found]:
            found |= {message["MessageId"]: message for message in new}
    finally:
        for message in found.values():
            client.change_message_visibility(
                QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
            )
    return list(found.values())


def _received(client: Any, url: str) -> list[Mapping[str, Any]]:
    answer = client.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=10,
        VisibilityTimeout=_HIDDEN_S,
        WaitTimeSeconds=_WAIT_S,
        MessageAttributeNames=["All"],
        AttributeNames=["All"],
    )
    messages: list[Mapping[str, Any]] = answer.get("Messages", [])
    return messages


def _row(message: Mapping[str, Any]) -> dict[str, Any]:
    attributes = message["Attributes"]
    reason = message.get("MessageAttributes", {}).get("reason", {})
    return {
        "arrived": datetime.fromtimestamp(int(attributes["SentTimestamp"]) / 1000, UTC),
        "account_id": attributes.get("MessageGroupId"),
        "reason": reason.get("StringValue", "received too often"),
        "message_id": message["MessageId"],
    }
