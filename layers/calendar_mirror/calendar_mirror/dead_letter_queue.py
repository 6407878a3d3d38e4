"""The dead-letter queue, where an erasure has to find what belongs to an account."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from calendar_mirror.errors import TryAgainError

#: Seconds for which a letter is hidden while the others are looked through.
_HIDDEN_S = 60


@dataclass(frozen=True, slots=True)
class DeadLetterQueue:
    """
    Attributes:
        client: boto3's SQS client.
    """

    client: Any
    url: str

    def remove(self, group: str, *, time_is_up: Callable[[], bool]) -> int:
        """
        Remove every letter of *group*; return how many. Of another group at most ten are seen: they
        hide the rest of theirs until they are put back, at the end.

        Raises:
            TryAgainError: SQS did not answer, or there was not enough time to see all.
        """
        others: list[str] = []
        removed = 0
        try:
            while letters := self._received():
                for letter in letters:
                    if letter["Attributes"].get("MessageGroupId") == group:
                        self.client.delete_message(
                            QueueUrl=self.url, ReceiptHandle=letter["ReceiptHandle"]
                        )
                        removed += 1
                    else:
                        others.append(letter["ReceiptHandle"])
                if time_is_up():
                    raise TryAgainError("the dead-letter queue is too long to be seen in one go")
        except (ClientError, BotoCoreError) as error:
            raise TryAgainError(f"the dead-letter queue: {type(error).__name__}") from error
        finally:
            self._put_back(others)
        return removed

    def _received(self) -> list[Mapping[str, Any]]:
        answer = self.client.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=_HIDDEN_S,
            # Asking and waiting makes SQS look on all of its servers.
            WaitTimeSeconds=1,
            AttributeNames=["MessageGroupId"],
        )
        letters: list[Mapping[str, Any]] = answer.get("Messages", [])
        return letters

    def _put_back(self, handles: list[str]) -> None:
        for handle in handles:
            try:
                self.client.change_message_visibility(
                    QueueUrl=self.url, ReceiptHandle=handle, VisibilityTimeout=0
                )
            except (ClientError, BotoCoreError):
                return  # they show again by themselves
