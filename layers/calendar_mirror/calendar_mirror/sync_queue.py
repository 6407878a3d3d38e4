"""The queue between `receive` and `sync`, and the dead-letter queue beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from calendar_mirror import messages
from calendar_mirror.errors import AwsCallError
from calendar_mirror.messages import Message


@dataclass(frozen=True, slots=True)
class Delivery:
    """
    One message as SQS handed it to us.

    Attributes:
        group: the message group, which is the account's id.
        receive_count: 1 for the first time.
    """

    message_id: str
    receipt_handle: str
    group: str
    receive_count: int
    body: str


def deliveries(event: dict[str, Any]) -> tuple[Delivery, ...]:
    """Unwrap the event with which Lambda hands over a batch of a FIFO queue."""
    return tuple(
        Delivery(
            message_id=record["messageId"],
            receipt_handle=record["receiptHandle"],
            group=record["attributes"]["MessageGroupId"],
            receive_count=int(record["attributes"]["ApproximateReceiveCount"]),
            body=record["body"],
        )
        for record in event["Records"]
    )


@dataclass(frozen=True, slots=True)
class SyncQueue:
    """
    Attributes:
        client: boto3's SQS client.
        dead_letter_url: needed by who sets messages aside.
    """

    client: Any
    url: str
    dead_letter_url: str = ""

    def send(self, message: Message, *, unique: str) -> None:
        """
        Put *message* on the queue.

        Raises:
            AwsCallError: SQS refused it, or did not answer.
        """
        parameters = messages.to_send(message, queue_url=self.url, unique=unique)
        try:
            self.client.send_message(**parameters)
        except (ClientError, BotoCoreError) as error:
            raise AwsCallError(f"the queue: {type(error).__name__}") from error

    def send_all(
        self, batch: Sequence[Message], *, unique: Callable[[], str]
    ) -> tuple[Message, ...]:
        """
        Put up to ten messages on the queue in one call; return those that it did not take.

        Raises:
            AwsCallError: SQS refused them all, or did not answer.
        """
        if not batch:
            return ()
        entries = [
            {"Id": str(number), **messages.entry(message, unique=unique())}
            for number, message in enumerate(batch)
        ]
        try:
            answer = self.client.send_message_batch(QueueUrl=self.url, Entries=entries)
        except (ClientError, BotoCoreError) as error:
            raise AwsCallError(f"the queue: {type(error).__name__}") from error
        return tuple(batch[int(each["Id"])] for each in answer.get("Failed", ()))

    def put_back(self, batch: Sequence[Delivery], delay_s: int) -> None:
        """
        Let *batch* come again after *delay_s* seconds. Its group is locked until then.

        A failure is no harm: the messages come again when their visibility time-out ends.
        """
        for delivery in batch:
            try:
                self.client.change_message_visibility(
                    QueueUrl=self.url,
                    ReceiptHandle=delivery.receipt_handle,
                    VisibilityTimeout=delay_s,
                )
            except (ClientError, BotoCoreError):
                continue

    def set_aside(self, batch: Sequence[Delivery], reason: str) -> bool:
        """
        Put *batch* into the dead-letter queue, each with *reason* as an attribute. Tell whether all
        arrived; if not, the whole batch may be tried again, since SQS knows the messages by their
        ids.
        """
        try:
            for delivery in batch:
                self.client.send_message(
                    QueueUrl=self.dead_letter_url,
                    MessageBody=delivery.body,
                    MessageGroupId=delivery.group,
                    MessageDeduplicationId=delivery.message_id,
                    MessageAttributes={"reason": {"DataType": "String", "StringValue": reason}},
                )
        except (ClientError, BotoCoreError):
            return False
        return True
