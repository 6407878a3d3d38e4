"""Admit one notification: verify it, and put what it asks for on the queue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from calendar_mirror import messages, notifications, signatures
from calendar_mirror.client_secrets import ClientSecrets
from calendar_mirror.errors import AwsCallError, SettingsError
from calendar_mirror.measures import Measure
from calendar_mirror.messages import Message
from calendar_mirror.notifications import Notification, Unusable

#: Cronofy's bodies are below 2 KB, but for channels that are limited to a great many calendars.
MAX_BODY_BYTES = 256 * 1024


class Outcome(StrEnum):
    """
    What became of a request. ``forged``: its signature is none that our client secrets give; where
    many are, the secrets are the wrong ones.
    """

    QUEUED = "queued"
    ACKNOWLEDGED = "acknowledged"
    IGNORED = "ignored"
    UNSIGNED = "unsigned"
    FORGED = "forged"
    TOO_LARGE = "too_large"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Receipt:
    """
    The answer to a request.

    Attributes:
        type: the notification's type; ``unknown`` for one that is new to us, ``none`` where there
            is none.
        reason: one word for the log, where *outcome* alone does not say it.
    """

    outcome: Outcome
    type: str = "none"
    reason: str = ""

    @property
    def status(self) -> int:
        """
        Return the HTTP status. Genuine traffic gets 200 whatever it says, since a channel whose
        notifications fail for 24 hours is closed for good; 503 makes Cronofy send it again.

        Source: Cronofy's guide to push notifications
        """
        return _STATUSES.get(self.outcome, 200)


_UNAUTHORIZED = 401
_STATUSES = {
    Outcome.UNSIGNED: _UNAUTHORIZED,
    Outcome.FORGED: _UNAUTHORIZED,
    Outcome.TOO_LARGE: 413,
    Outcome.UNAVAILABLE: 503,
}


def measured(receipt: Receipt, milliseconds: float) -> Mapping[Measure, float]:
    """Return what there is to tell of a request that was answered after *milliseconds*."""
    refused = {Measure.REFUSED: 1} if receipt.status == _UNAUTHORIZED else {}
    took = round(milliseconds, 1)
    return {Measure.NOTIFICATIONS: 1, Measure.ACKNOWLEDGEMENT_TIME: took, **refused}


def admit(
    body: bytes,
    signature: str | None,
    *,
    secrets: ClientSecrets,
    send: Callable[[Message], None],
    received_at: datetime,
    merge: timedelta,
) -> Receipt:
    """
    Verify a request, and send the message that it asks for, if any.

    Args:
        send: puts a message on the queue; raises `AwsCallError` when the queue did not take it.
        merge: length of a merge bucket; zero: no merging.
    """
    if len(body) > MAX_BODY_BYTES:
        return Receipt(Outcome.TOO_LARGE)
    if not signature:
        return Receipt(Outcome.UNSIGNED)
    try:
        if not _is_signed(body, signature, secrets):
            return Receipt(Outcome.FORGED)
        return _take(notifications.parse(body), send, received_at, merge)
    except (AwsCallError, SettingsError) as error:
        return Receipt(Outcome.UNAVAILABLE, reason=str(error))


def _is_signed(body: bytes, signature: str, secrets: ClientSecrets) -> bool:
    if signatures.verify(body, signature, secrets.accepted()):
        return True
    # One of the secrets may have been rotated since they were read.
    return secrets.reread() and signatures.verify(body, signature, secrets.accepted())


def _take(
    notification: Notification | Unusable,
    send: Callable[[Message], None],
    received_at: datetime,
    merge: timedelta,
) -> Receipt:
    if isinstance(notification, Unusable):
        return Receipt(Outcome.IGNORED, reason=notification.reason)
    if notification.type is None:
        return Receipt(Outcome.IGNORED, "unknown", "unknown_type")
    message = messages.request_for(notification, received_at=received_at, merge=merge)
    if message is None:
        return Receipt(Outcome.ACKNOWLEDGED, notification.type)
    send(message)
    return Receipt(Outcome.QUEUED, notification.type)
