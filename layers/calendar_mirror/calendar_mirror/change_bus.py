"""The EventBridge bus on which the change feed is published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from calendar_mirror.announcements import SOURCE, Announcement
from calendar_mirror.errors import TryAgainError
from calendar_mirror.feed import MAX_ENTRY_BYTES, Entry

#: Source: EventBridge API reference, PutEvents. Its size limit is one for all entries together.
_ENTRIES_PER_CALL = 10


@dataclass(frozen=True, slots=True)
class Sent:
    """
    Attributes:
        count: how many entries are on the bus, from the first on without a gap. Of those behind
            them some may be as well.
        trouble: why not all of them; nothing personal.
    """

    count: int
    trouble: str | None = None


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
        sent = self.publish_all([Entry(announcement.change.value, announcement.detail, subject="")])
        if sent.trouble:
            raise TryAgainError(f"the change feed: {sent.trouble}")

    def publish_all(self, entries: Sequence[Entry]) -> Sent:
        """Put *entries* on the bus in their order, up to the first that it does not take."""
        done = 0
        for together in calls(entries):
            sent = self._put(together)
            done += sent.count
            if sent.trouble:
                return Sent(done, sent.trouble)
        return Sent(done)

    def _put(self, entries: Sequence[Entry]) -> Sent:
        asked = [
            {
                "Source": SOURCE,
                "DetailType": entry.detail_type,
                "Detail": entry.detail,
                "EventBusName": self.name,
            }
            for entry in entries
        ]
        try:
            results = self.client.put_events(Entries=asked)["Entries"]
        except ClientError as error:
            return Sent(0, error.response["Error"]["Code"])
        except BotoCoreError as error:
            return Sent(0, type(error).__name__)
        for number, result in enumerate(results):
            if "ErrorCode" in result:
                return Sent(number, result["ErrorCode"])
        return Sent(len(entries))


def calls(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """
    Yield what goes into one call each.

    EventBridge may take an entry and refuse the one before it. So no two about one subject go
    together: the later one would arrive first, and the earlier when it is sent again.
    """
    together: list[Entry] = []
    for entry in entries:
        is_full = (
            len(together) == _ENTRIES_PER_CALL
            or sum(each.size for each in (*together, entry)) > MAX_ENTRY_BYTES
            or entry.subject in {each.subject for each in together}
        )
        if is_full and together:
            yield together
            together = []
        together.append(entry)
    if together:
        yield together
