"""SQS and EventBridge in memory, as boto3's clients, over the model of a FIFO queue."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace

from tests.models.dynamodb import Wire
from tests.models.fifo_queue import FifoQueue


@dataclass
class Sqs:
    """
    Attributes:
        queues: by URL.
        reasons: the attribute ``reason`` of what was sent, by body, as it came.
        sent: told after each message that is new.
    """

    queues: dict[str, FifoQueue]
    wire: Wire = field(default_factory=Wire)
    sent: Callable = lambda: None
    reasons: list = field(default_factory=list)

    def send_message(
        self,
        *,
        QueueUrl,  # noqa: N803
        MessageBody,  # noqa: N803
        MessageGroupId,  # noqa: N803
        MessageDeduplicationId,  # noqa: N803
        MessageAttributes=None,  # noqa: N803
    ):
        def effect():
            is_new = self.queues[QueueUrl].send(
                group=MessageGroupId,
                body=MessageBody,
                deduplication_id=MessageDeduplicationId,
            )
            if is_new and MessageAttributes:
                self.reasons.append((MessageBody, MessageAttributes["reason"]["StringValue"]))
            self.sent()
            return {"MessageId": MessageDeduplicationId}

        return self.wire.call("SendMessage", effect)

    def send_message_batch(self, *, QueueUrl, Entries):  # noqa: N803
        def effect():
            left = self.wire.undone(Entries)
            for number, entry in enumerate(each for each in Entries if each not in left):
                if number:
                    self.wire.between()
                self.queues[QueueUrl].send(
                    group=entry["MessageGroupId"],
                    body=entry["MessageBody"],
                    deduplication_id=entry["MessageDeduplicationId"],
                )
            self.sent()
            return {"Failed": [{"Id": entry["Id"]} for entry in left]}

        return self.wire.call("SendMessageBatch", effect)

    def change_message_visibility(self, *, QueueUrl, ReceiptHandle, VisibilityTimeout):  # noqa: N803
        def effect():
            delivery = SimpleNamespace(receipt_handle=ReceiptHandle)
            self.queues[QueueUrl].change_visibility(delivery, VisibilityTimeout)
            return {}

        return self.wire.call("ChangeMessageVisibility", effect)

    def delete_message(self, *, QueueUrl, ReceiptHandle):  # noqa: N803
        def effect():
            self.queues[QueueUrl].delete(SimpleNamespace(receipt_handle=ReceiptHandle))
            return {}

        return self.wire.call("DeleteMessage", effect)

    def receive_message(self, *, QueueUrl, **_):  # noqa: N803
        def effect():
            return {
                "Messages": [
                    {
                        "MessageId": each.message_id,
                        "ReceiptHandle": each.receipt_handle,
                        "Body": each.body,
                        "Attributes": {"MessageGroupId": each.group},
                    }
                    for each in self.queues[QueueUrl].receive()
                ]
            }

        return self.wire.call("ReceiveMessage", effect)


@dataclass
class EventBridge:
    """
    Attributes:
        entries: what was put on the bus, as it came.
    """

    wire: Wire = field(default_factory=Wire)
    entries: list = field(default_factory=list)

    def put_events(self, *, Entries):  # noqa: N803
        def effect():
            left = self.wire.undone(Entries)
            self.entries += [entry for entry in Entries if entry not in left]
            answers = [
                {"ErrorCode": "Throttled"} if e in left else {"EventId": "1"} for e in Entries
            ]
            return {"Entries": answers, "FailedEntryCount": len(left)}

        return self.wire.call("PutEvents", effect)
