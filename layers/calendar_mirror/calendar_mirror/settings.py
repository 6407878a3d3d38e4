"""
What the environment of each function must say. The template's variables are these fields, in upper
case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from calendar_mirror.errors import SettingsError


@dataclass(frozen=True, slots=True)
class ReceiveSettings:
    """
    Attributes:
        aws_url_suffix: ``amazonaws.com``, or another partition's.
        merge_seconds: length of a merge bucket; 0 turns merging off.
    """

    aws_region: str
    aws_url_suffix: str
    client_secrets_arn: str
    sync_queue_url: str
    merge_seconds: int
    powertools_metrics_namespace: str
    powertools_service_name: str


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """
    Attributes:
        cronofy_api_url: a server to use instead of the account's data center; empty: the data
            center.
        public_url: where Cronofy reaches our API, without a slash at the end.
        overlap_seconds: how far a read reaches back beyond what was asked for.
    """

    client_secrets_arn: str
    sync_queue_url: str
    dead_letter_queue_url: str
    accounts_table: str
    events_table: str
    cronofy_api_url: str
    public_url: str
    overlap_seconds: int


Settings = TypeVar("Settings", ReceiveSettings, SyncSettings)


def from_environ(settings: type[Settings], environ: Mapping[str, str]) -> Settings:
    """
    Read the fields of *settings*, strings and whole numbers, from an environment.

    Raises:
        SettingsError: names everything that is missing or no number, at once.
    """
    names = [field.name for field in fields(settings)]
    numbers = {field.name for field in fields(settings) if field.type == "int"}
    texts = {name: environ[name.upper()] for name in names if name.upper() in environ}
    missing = [name.upper() for name in names if name not in texts]
    wrong = [n.upper() for n in sorted(numbers & texts.keys()) if not texts[n].isdecimal()]
    if missing or wrong:
        raise SettingsError(f"missing: {missing or 'nothing'}; not a number: {wrong or 'nothing'}")
    values: dict[str, Any] = {n: int(t) if n in numbers else t for n, t in texts.items()}
    return settings(**values)
