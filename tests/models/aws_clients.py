"""
SQS and EventBridge in memory, as boto3's clients, over the model of a FIFO queue.

tests/integration/layer/test_sync_queue.py and test_change_bus.py hold them to what moto does.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace

from tests.models.dynamodb import Wire, refusal
from tests.models.fifo_queue import FifoQueue


@dataclass
class Sqs:
    """
    Attributes:
        queues: by URL.
        reasons: the attribute ``reason`` of what was sent, by body.
        sent: told after each message that is new.
    """

    queues: dict[str, FifoQueue]
    wire: Wire = field(default_factory=Wire)
    sent: Callable = lambda: None
    reasons: dict = field(default_factory=dict)

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
            is_new = self._queue(QueueUrl).send(
                group=MessageGroupId,
                body=MessageBody,
                deduplication_id=MessageDeduplicationId,
            )
            if is_new and MessageAttributes:
                self.reasons[MessageBody] = MessageAttributes["reason"]
            self.sent()
            return {"MessageId": MessageDeduplicationId}

        return self.wire.call("SendMessage", effect)

    def send_message_batch(self, *, QueueUrl, Entries):  # noqa: N803
        def effect():
            left = self.wire.undone(Entries)
            for number, entry in enumerate(each for each in Entries if each not in left):
                if number:
                    self.wire.between()
                self._queue(QueueUrl).send(
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
            self._queue(QueueUrl).change_visibility(delivery, VisibilityTimeout)
            return {}

        return self.wire.call("ChangeMessageVisibility", effect)

    def delete_message(self, *, QueueUrl, ReceiptHandle):  # noqa: N803
        def effect():
            self._queue(QueueUrl).delete(SimpleNamespace(receipt_handle=ReceiptHandle))
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
                        "Attributes": {
                            "MessageGroupId": each.group,
                            "ApproximateReceiveCount": f"{each.receive_count}",
                        },
                        "MessageAttributes": self._attributes(each.body),
                    }
                    for each in self._queue(QueueUrl).receive()
                ]
            }

        return self.wire.call("ReceiveMessage", effect)

    def _queue(self, url):
        if url not in self.queues:
            raise refusal("AWS.SimpleQueueService.NonExistentQueue", "SQS")
        return self.queues[url]

    def _attributes(self, body):
        return {"reason": self.reasons[body]} if body in self.reasons else {}


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
            answers = [_refused(entry, left) or {"EventId": "1"} for entry in Entries]
            refused = sum("ErrorCode" in answer for answer in answers)
            self.entries += [
                entry for entry, answer in zip(Entries, answers, strict=True) if "EventId" in answer
            ]
            return {"Entries": answers, "FailedEntryCount": refused}

        return self.wire.call("PutEvents", effect)


def _refused(entry, left):
    if entry in left:
        return {"ErrorCode": "ThrottlingException"}
    try:
        json.loads(entry["Detail"])
    except ValueError:
        return {"ErrorCode": "MalformedDetail"}
    return None
