"""
Connect links: signed, so that nobody but you can say whose calendar is connected.

In your own application::

    keys = connect_links.keys(secret_string)  # of the secret that the output LinkKeysArn names
    invitation = Invitation(user_ref="42", data_center="us", expires_at=now + LINK_LIFE)
    address = connect_links.link(connect_url, invitation, keys)  # the output ConnectUrl

Give a link only to the user whom it names, signed in, and use it at once: whoever opens it connects
a calendar under that name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from itsdangerous import BadData, URLSafeSerializer
from itsdangerous.encoding import base64_decode, base64_encode

from calendar_mirror.errors import SettingsError
from calendar_mirror.invitations import Authorization, Invitation

#: Longer than any that we make; what is longer is not looked at.
_MAX_LENGTH = 8192

_Signed = TypeVar("_Signed", Invitation, Authorization)


class Refusal(StrEnum):
    """Why a link or a state is not accepted."""

    FORGED = "forged"
    LATE = "late"


def keys(secret: str) -> tuple[str, ...]:
    """
    Read the signing keys, separated by commas: the first signs, all are accepted, so that they can
    be rotated.

    Raises:
        SettingsError: there is none.
    """
    found = tuple(part.strip() for part in secret.split(",") if part.strip())
    if not found:
        raise SettingsError("the secret holds no key to sign connect links with")
    return found


def link(connect_url: str, invitation: Invitation, keys: Sequence[str]) -> str:
    """Return the address that connects a calendar for the user whom *invitation* names."""
    return f"{connect_url}?link={_sign('connect link', invitation.to_document(), keys)}"


def read_link(text: str, keys: Sequence[str], *, now: datetime) -> Invitation | Refusal:
    """Read the ``link`` of an address that `link` made."""
    return _read("connect link", Invitation.of, text, keys, now)


def state(authorization: Authorization, keys: Sequence[str]) -> str:
    """Return what Cronofy gives back to us unchanged."""
    return _sign("state", authorization.to_document(), keys)


def read_state(text: str, keys: Sequence[str], *, now: datetime) -> Authorization | Refusal:
    """Read what `state` made."""
    return _read("state", Authorization.of, text, keys, now)


def _read(
    purpose: str,
    of: Callable[[Mapping[str, Any]], _Signed],
    text: str,
    keys: Sequence[str],
    now: datetime,
) -> _Signed | Refusal:
    try:
        if len(text) > _MAX_LENGTH or not _is_canonical(text):
            return Refusal.FORGED
        signed = of(_serializer(purpose, keys).loads(text))
    except (BadData, ValueError, KeyError, TypeError, AttributeError):
        return Refusal.FORGED
    return Refusal.LATE if signed.expires_at <= now else signed


def _is_canonical(text: str) -> bool:
    """
    Tell whether the signature is written as we write it. Base64 reads some other letters, and more
    or less of them, as the same; yet a state has to have one text, since it is claimed by its text.
    """
    signature = text.rpartition(".")[2].encode()
    return base64_encode(base64_decode(signature)) == signature


def _sign(purpose: str, document: Mapping[str, Any], keys: Sequence[str]) -> str:
    signed = _serializer(purpose, keys).dumps(document)
    return signed if isinstance(signed, str) else signed.decode()


def _serializer(purpose: str, keys: Sequence[str]) -> URLSafeSerializer:
    # One purpose's text is no other's, whoever shows it: the purpose goes into the key.
    return URLSafeSerializer(
        list(reversed(keys)),
        salt=f"calendar mirror {purpose}",
        signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
    )
