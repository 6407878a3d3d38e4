"""
Dead letters: looked at, and put back onto the sync queue.

Of one message group SQS hands out ten at a time, and no others while any of those is neither
deleted nor visible again. So of an account with more letters than that, only the first ten can be
seen, until some of them are gone.
Source: SQS developer guide, "FIFO queue delivery logic"
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

#: SQS hands out so many at a time.
TEN = 10
#: Seconds for which a letter is hidden from others while we look.
_HIDDEN_S = 15
#: Asking and waiting makes SQS look on all of its servers. Source: SQS developer guide, "Amazon SQS
#: short and long polling"
_WAIT_S = 1
#: What SQS itself moves, it moves without a word.
_BY_SQS = "received too often"


@dataclass(frozen=True, slots=True)
class Letter:
    """
    Attributes:
        arrived: in the dead-letter queue.
        body: of the message, as it was; nobody could make sense of it, or of what it led to.
    """

    message_id: str
    account_id: str
    arrived: datetime
    reason: str
    body: str
    receipt_handle: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """
    Attributes:
        client: boto3's SQS client.
        url: of the dead-letter queue.
    """

    client: Any
    url: str

    def about(self) -> int:
        """Count them, about; those that somebody has hidden as well."""
        return depth(self.client, self.url, "", "NotVisible")

    def shown(self) -> list[Letter]:
        """Return all that SQS shows; they are hidden from others for a moment."""
        found: dict[str, Letter] = {}
        try:
            for _ in self._unseen(found, _HIDDEN_S):
                pass
        finally:
            self._put_back(found.values())
        return list(found.values())

    def move(
        self,
        wanted: Callable[[Letter], bool],
        queue_url: str,
        *,
        pace: Callable[[], None],
        interval_s: float,
    ) -> Iterator[Letter]:
        """
        Put those that are *wanted* onto the queue at *queue_url*, one by one, each into its
        account's group; yield each once it is there and gone from here, in this order.

        A new deduplication id keeps SQS from taking it for what it saw a moment ago. Goes through
        the queue again as long as that leads to others, which were hidden behind those moved.

        Args:
            pace: waits until the next may be moved.
            interval_s: how long that takes at most.
        """
        hidden_s = round(TEN * interval_s) + 30
        moved_any = True
        while moved_any:
            moved_any = False
            held: dict[str, Letter] = {}
            try:
                for letter in self._unseen(held, hidden_s):
                    if wanted(letter):
                        pace()
                        self._move(letter, queue_url)
                        del held[letter.message_id]
                        moved_any = True
                        yield letter
            finally:
                self._put_back(held.values())

    def _move(self, letter: Letter, queue_url: str) -> None:
        self.client.send_message(
            QueueUrl=queue_url,
            MessageBody=letter.body,
            MessageGroupId=letter.account_id,
            MessageDeduplicationId=uuid4().hex,
        )
        self.client.delete_message(QueueUrl=self.url, ReceiptHandle=letter.receipt_handle)

    def _unseen(self, seen: dict[str, Letter], hidden_s: int) -> Iterator[Letter]:
        """Yield what is not among *seen* yet, and add it; until SQS shows nothing else."""
        while new := [each for each in self._received(hidden_s) if each.message_id not in seen]:
            seen.update({each.message_id: each for each in new})
            yield from new

    def _received(self, hidden_s: int) -> list[Letter]:
        answer = self.client.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=TEN,
            VisibilityTimeout=hidden_s,
            WaitTimeSeconds=_WAIT_S,
            MessageAttributeNames=["All"],
            AttributeNames=["All"],
        )
        return [_letter(message) for message in answer.get("Messages", [])]

    def _put_back(self, letters: Iterable[Letter]) -> None:
        for letter in letters:
            try:
                self.client.change_message_visibility(
                    QueueUrl=self.url, ReceiptHandle=letter.receipt_handle, VisibilityTimeout=0
                )
            except (ClientError, BotoCoreError):
                return  # they show again by themselves


def depth(client: Any, url: str, *kinds: str) -> int:
    """
    Count the messages of a queue, about.

    Args:
        kinds: ``""`` (visible), ``NotVisible``, ``Delayed``.
    """
    names: list[Any] = [f"ApproximateNumberOfMessages{kind}" for kind in kinds]
    answer = client.get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return sum(int(answer["Attributes"].get(name, 0)) for name in names)


def _letter(message: Any) -> Letter:
    attributes = message["Attributes"]
    reason = message.get("MessageAttributes", {}).get("reason", {})
    return Letter(
        message_id=message["MessageId"],
        account_id=attributes["MessageGroupId"],
        arrived=datetime.fromtimestamp(int(attributes["SentTimestamp"]) / 1000, UTC),
        reason=reason.get("StringValue", _BY_SQS),
        body=message["Body"],
        receipt_handle=message["ReceiptHandle"],
    )
