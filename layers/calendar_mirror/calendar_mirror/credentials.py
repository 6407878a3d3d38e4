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


def parse(text: str, name: str) -> Mapping[str, ClientCredentials]:
    """
    Read ``{"us": {"client_id": "…", "client_secret": "new,old"}, "de": …}``; ``{}`` holds none.

    Args:
        name: of the secret, in the template.

    Raises:
        SettingsError: the secret does not look like that. Says nothing of what it holds.
    """
    try:
        return {
            data_center: ClientCredentials(entry["client_id"], _secrets(entry["client_secret"]))
            for data_center, entry in json.loads(text).items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SettingsError(
            f"the secret {name} is not of the form "
            '{"us": {"client_id": "…", "client_secret": "…"}}'
        ) from None


def _secrets(text: str) -> tuple[str, ...]:
    secrets = tuple(part.strip() for part in text.split(",") if part.strip())
    if not secrets:
        raise ValueError("no secret")
    return secrets
