"""The Cronofy client credentials of each data center, as the secret holds them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from calendar_mirror.errors import SettingsError


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """
    What identifies our application at one Cronofy data center.

    Attributes:
        secrets: the first is used for calls to Cronofy; a notification may be signed with any of
            them.
    """

    client_id: str
    secrets: tuple[str, ...] = field(repr=False)


#: The entry of the secret that holds further data centers: they come in one parameter.
OTHERS = "others"


def parse(text: str) -> Mapping[str, ClientCredentials]:
    """
    Read ``{"us": {"client_id": "…", "client_secret": "new,old"}, "others": "de:ID:SECRET …"}``, in
    which ``others`` may be missing.

    Raises:
        SettingsError: the secret does not look like that. Says nothing of what it holds.
    """
    try:
        document = json.loads(text)
        others = document.pop(OTHERS, "")
        return {
            data_center: ClientCredentials(entry["client_id"], _secrets(entry["client_secret"]))
            for data_center, entry in document.items()
        } | {
            data_center: ClientCredentials(client_id, _secrets(secret))
            for data_center, client_id, secret in (each.split(":") for each in others.split())
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SettingsError(
            "the client secrets are not of the form "
            '{"us": {"client_id": "…", "client_secret": "…"}}'
        ) from None


def _secrets(text: str) -> tuple[str, ...]:
    secrets = tuple(part.strip() for part in text.split(",") if part.strip())
    if not secrets:
        raise ValueError("no secret")
    return secrets
