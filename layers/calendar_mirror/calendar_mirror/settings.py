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
        cronofy_data_center: the stack's own, as in the other settings.
        metrics: which CloudWatch is told; see `measures.chosen`. The same in the others.
        merge_seconds: length of a merge bucket; 0 turns merging off.
    """

    aws_region: str
    aws_url_suffix: str
    client_secrets_arn: str
    initial_credentials_arn: str
    cronofy_data_center: str
    sync_queue_url: str
    merge_seconds: int
    powertools_metrics_namespace: str
    powertools_service_name: str
    metrics: str


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """
    Attributes:
        cronofy_api_url: a server to use instead of the account's data center; empty: the data
            center.
        public_url: where Cronofy reaches our API, without a slash at the end.
        overlap_seconds: how far a read reaches back beyond what was asked for.
        calls_per_minute: what Cronofy takes from the application.
    """

    client_secrets_arn: str
    initial_credentials_arn: str
    cronofy_data_center: str
    sync_queue_url: str
    dead_letter_queue_url: str
    accounts_table: str
    events_table: str
    erasures_table: str
    budget_table: str
    change_bus_name: str
    cronofy_api_url: str
    public_url: str
    overlap_seconds: int
    calls_per_minute: int
    metrics: str


@dataclass(frozen=True, slots=True)
class ConnectSettings:
    """
    Attributes:
        link_keys_arn: of the secret with the keys that sign connect links.
        cronofy_scope: what users are asked for, space separated.
        public_url: where browsers and Cronofy reach our API; empty: where the request came to.
        return_to_origins: where they may be sent in the end, separated by commas; empty: nowhere.
    """

    client_secrets_arn: str
    initial_credentials_arn: str
    cronofy_data_center: str
    link_keys_arn: str
    sync_queue_url: str
    accounts_table: str
    authorizations_table: str
    budget_table: str
    cronofy_api_url: str
    cronofy_scope: str
    public_url: str
    return_to_origins: str
    calls_per_minute: int
    powertools_service_name: str


@dataclass(frozen=True, slots=True)
class ReconcileSettings:
    """
    Attributes:
        every_minutes: how often it runs.
    """

    sync_queue_url: str
    accounts_table: str
    calls_per_minute: int
    every_minutes: int
    metrics: str


@dataclass(frozen=True, slots=True)
class PublishSettings:
    """
    Attributes:
        events_table: named in entries that are too large to hold everything.
    """

    events_table: str
    change_bus_name: str
    metrics: str


Settings = TypeVar(
    "Settings",
    ReceiveSettings,
    SyncSettings,
    ConnectSettings,
    ReconcileSettings,
    PublishSettings,
)


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
