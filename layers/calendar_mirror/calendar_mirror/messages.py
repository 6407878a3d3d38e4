"""What travels on the queue: "bring this account up to date since then". Never calendar content."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from calendar_mirror import instants
from calendar_mirror.errors import MalformedMessageError
from calendar_mirror.notifications import Notification, Type, is_account_id

VERSION = 1


class Kind(StrEnum):
    """
    What the message asks for: the changes since some time; the whole window; a look at the
    account's profiles; a look at its channel as well, and at what else is due; its end.
    """

    DELTA = "delta"
    FULL = "full"
    PROFILES = "profiles"
    CHECK = "check"
    ERASE = "erase"


@dataclass(frozen=True, slots=True)
class Message:
    """
    One request on the queue.

    Attributes:
        account_id: also the message group: SQS hands out one batch of a group at a time.
        changes_since: the earliest change it speaks of, inclusive; ``None``: not known, or not
            `Kind.DELTA`.
        received_at: when `receive` (or an operator's command) accepted what it stands for.
        stands_until: the end of its merge bucket. Others received before then may have been merged
            into this message, so only a read that starts later settles it. Equal to *received_at*
            without merging.
        cause: what asked for it: a notification's type, ``connect``, ``reconcile`` or ``operator``.
        pii_erasure: with `Kind.ERASE`: Cronofy is asked to erase what it holds as well.
    """

    account_id: str
    kind: Kind
    changes_since: datetime | None
    received_at: datetime
    stands_until: datetime
    cause: str
    pii_erasure: bool = False

    def __post_init__(self) -> None:
        for instant in (self.changes_since, self.received_at, self.stands_until):
            if instant is not None and instant.tzinfo is None:
                raise ValueError("a message's times are aware")

    @property
    def is_background(self) -> bool:
        """Tell whether nobody waits for what it asks for."""
        return self.cause == "reconcile"

    @property
    def is_notified_change(self) -> bool:
        """Tell whether Cronofy notified us of a change with it."""
        return self.cause == Type.CHANGE


_KINDS = {
    Type.CHANGE: Kind.DELTA,
    Type.PROFILE_INITIAL_SYNC_COMPLETED: Kind.FULL,
    Type.PROFILE_DISCONNECTED: Kind.PROFILES,
    Type.CONFERENCING_PROFILE_DISCONNECTED: Kind.PROFILES,
    Type.GDPR_REQUESTED: Kind.ERASE,
}


def request_for(
    notification: Notification, *, received_at: datetime, merge: timedelta
) -> Message | None:
    """Write the message that *notification* asks for; ``None`` where it asks for nothing."""
    kind = _KINDS.get(notification.type) if notification.type else None
    if kind is None:
        return None
    since = notification.changes_since if kind is Kind.DELTA else None
    until = bucket_end(received_at, merge)
    return Message(
        notification.account_id,
        kind,
        since,
        received_at,
        until,
        notification.type or "unknown",
        pii_erasure=kind is Kind.ERASE,
    )


def request(
    account_id: str, kind: Kind, *, now: datetime, cause: str, pii_erasure: bool = False
) -> Message:
    """Write a message that stands for itself alone, asked for by us and not by Cronofy."""
    since = now.replace(microsecond=0) if kind is Kind.DELTA else None
    return Message(account_id, kind, since, now, now, cause, pii_erasure)


def bucket_end(instant: datetime, merge: timedelta) -> datetime:
    """
    Return the end of the merge bucket that *instant* falls into: buckets are *merge* long and start
    at the epoch, for every instance alike. With ``merge`` of zero, *instant* itself.
    """
    if not merge:
        return instant
    length = merge.total_seconds()
    return datetime.fromtimestamp((math.floor(instant.timestamp() / length) + 1) * length, UTC)


def deduplication_id(message: Message, *, unique: str) -> str:
    """
    Return the id under which SQS merges messages of one group.

    Equal for messages of one bucket that ask for the same thing. The bucket is part of it, since
    SQS remembers an id for five minutes: without the bucket, the id would swallow later changes.
    Without merging it is *unique*.

    Source: SQS developer guide, "Using the message deduplication ID"
    """
    if message.stands_until == message.received_at:
        return unique
    since = message.changes_since and instants.to_text(message.changes_since)
    until = instants.to_precise_text(message.stands_until)
    parts = [message.account_id, message.kind.value, since, until]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def to_send(message: Message, *, queue_url: str, unique: str) -> dict[str, str]:
    """Return the parameters of SQS's SendMessage."""
    return {"QueueUrl": queue_url, **entry(message, unique=unique)}


def entry(message: Message, *, unique: str) -> dict[str, str]:
    """Return what SendMessage and SendMessageBatch want of a message."""
    return {
        "MessageBody": encode(message),
        "MessageGroupId": message.account_id,
        "MessageDeduplicationId": deduplication_id(message, unique=unique),
    }


def encode(message: Message) -> str:
    """
    Write a message down::

        {"version": 1, "account_id": "acc_1", "kind": "delta", "changes_since":
        "2026-01-31T09:00:00Z",
         "received_at": "2026-01-31T09:00:02.417000Z", "stands_until":
         "2026-01-31T09:00:03.000000Z", "cause": "change"}
    """
    return json.dumps(
        {
            "version": VERSION,
            "account_id": message.account_id,
            "kind": message.kind.value,
            "changes_since": message.changes_since and instants.to_text(message.changes_since),
            "received_at": instants.to_precise_text(message.received_at),
            "stands_until": instants.to_precise_text(message.stands_until),
            "cause": message.cause,
            **({"pii_erasure": True} if message.pii_erasure else {}),
        }
    )


def decode(body: str) -> Message:
    """
    Read a message back.

    Raises:
        MalformedMessageError: it is not one, or was written by a newer version than this.
    """
    try:
        document = json.loads(body)
        if document["version"] != VERSION:
            raise MalformedMessageError(f"message version {document['version']!r} is not known")
        if not is_account_id(document["account_id"]):
            raise MalformedMessageError("the message's account id cannot be one")
        since = document["changes_since"]
        return Message(
            account_id=document["account_id"],
            kind=Kind(document["kind"]),
            changes_since=None if since is None else instants.parse(since),
            received_at=instants.parse(document["received_at"]),
            stands_until=instants.parse(document["stands_until"]),
            cause=str(document["cause"]),
            pii_erasure=document.get("pii_erasure") is True,
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise MalformedMessageError(f"not a message: {type(error).__name__}") from error
