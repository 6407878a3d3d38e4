"""The EventBridge bus on which the change feed is published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from calendar_mirror.announcements import SOURCE, Announcement
from calendar_mirror.errors import TryAgainError


@dataclass(frozen=True, slots=True)
class ChangeBus:
    """
    Attributes:
        client: boto3's EventBridge client.
    """

    client: Any
    name: str

    def publish(self, announcement: Announcement) -> None:
        """
        Put *announcement* on the bus.

        Raises:
            TryAgainError: it did not arrive, as far as we know.
        """
        entry = {
            "Source": SOURCE,
            "DetailType": announcement.change.value,
            "Detail": announcement.detail,
            "EventBusName": self.name,
        }
        try:
            answer = self.client.put_events(Entries=[entry])
        except (ClientError, BotoCoreError) as error:
            raise TryAgainError(f"the change feed: {type(error).__name__}") from error
        if answer["FailedEntryCount"]:
            raise TryAgainError(f"the change feed: {answer['Entries'][0].get('ErrorCode')}")
