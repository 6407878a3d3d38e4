"""Read the body of a push notification. To be called only after its signature was verified."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from calendar_mirror import instants


class Type(StrEnum):
    """
    The types that Cronofy sends today. Others may come, and must be acknowledged.

    Source: https://docs.cronofy.com/developers/api/push-notifications/
    """

    VERIFICATION = "verification"
    CHANGE = "change"
    PROFILE_DISCONNECTED = "profile_disconnected"
    CONFERENCING_PROFILE_DISCONNECTED = "conferencing_profile_disconnected"
    PROFILE_INITIAL_SYNC_COMPLETED = "profile_initial_sync_completed"
    GDPR_REQUESTED = "gdpr_requested"


@dataclass(frozen=True, slots=True)
class Notification:
    """
    What Cronofy told us.

    Attributes:
        type: one of ours to understand, or ``None``: a type that did not exist when this was
            written.
        account_id: from ``channel.callback_url``, which is signed; the path of the request is not.
        changes_since: UTC, whole seconds; only with ``change``, and ``None`` if it was not
            readable.
    """

    type: Type | None
    account_id: str
    changes_since: datetime | None


@dataclass(frozen=True, slots=True)
class Unusable:
    """
    A signed body that is not ours to understand: acknowledged and counted. *reason* is one word.
    """

    reason: str


# An account id is a message group, so no longer than 128 characters of SQS's alphabet, without "/".
# Source: SQS API reference, SendMessage, MessageGroupId
_ACCOUNT_ID = re.compile(r"[A-Za-z0-9!\"#$%&'()*+,\-.:;<=>?@\[\\\]^_`{|}~]{1,128}")
_CALLBACK_PATH = re.compile(r"/notifications/([^/]+)/?\Z")


def parse(body: bytes) -> Notification | Unusable:
    """
    Read ``{"notification": {"type", "changes_since"?}, "channel": {"callback_url", …}}``.

    Cronofy signs other envelopes in the same way (scheduling requests, event triggers), which have
    no ``channel``; those, and bodies that are no JSON at all, come back as `Unusable`.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return Unusable("not_json")
    notification = _object(document, "notification")
    channel = _object(document, "channel")
    if notification is None or not isinstance(notification.get("type"), str):
        return Unusable("no_notification")
    if channel is None:
        return Unusable("no_channel")
    account_id = account_id_of(channel.get("callback_url"))
    if account_id is None:
        return Unusable("foreign_callback_url")
    return Notification(
        _type(notification["type"]), account_id, _changes_since(notification.get("changes_since"))
    )


def account_id_of(callback_url: object) -> str | None:
    """
    Take the account id out of ``…/notifications/{account_id}``; ``None`` for any other address.
    """
    if not isinstance(callback_url, str):
        return None
    try:
        path = urlsplit(callback_url).path
    except ValueError:
        return None
    found = _CALLBACK_PATH.search(path)
    account_id = unquote(found[1]) if found else ""
    return account_id if is_account_id(account_id) else None


def is_account_id(text: str) -> bool:
    """Tell whether *text* can be an account's id here: the queue's group and the tables' key."""
    return _ACCOUNT_ID.fullmatch(text) is not None


def _object(document: object, name: str) -> Mapping[str, object] | None:
    value = document.get(name) if isinstance(document, dict) else None
    return value if isinstance(value, dict) else None


def _type(name: object) -> Type | None:
    return next((known for known in Type if known.value == name), None)


def _changes_since(value: object) -> datetime | None:
    try:
        return instants.parse(value) if isinstance(value, str) else None
    except ValueError:
        return None
