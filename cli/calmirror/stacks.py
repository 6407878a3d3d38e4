"""Which stack a command acts on: one in AWS, or the local one."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import click
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from calendar_mirror.accounts_table import AccountsTable
from calendar_mirror.sync_queue import SyncQueue

_LOCAL_FILE = Path(".local", "stack.json")
_AWS = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "max_attempts": 4})


@dataclass(frozen=True, slots=True)
class Stack:
    """
    A deployed stack.

    Attributes:
        outputs: of the CloudFormation stack.
        endpoint: of the local AWS; ``None``: AWS itself.
        cronofy_api_url: what the stack uses instead of Cronofy's data centers; empty: nothing.
        client_secret: known of the local stack only.
    """

    name: str
    session: boto3.Session
    outputs: dict[str, str]
    endpoint: str | None
    cronofy_api_url: str
    client_secret: str | None = field(repr=False)

    def client(self, service: Any) -> Any:
        """Return boto3's client of *service*."""
        return self.session.client(service, endpoint_url=self.endpoint, config=_AWS)

    def dynamodb(self) -> Any:
        """Return the DynamoDB client that takes and gives Python values."""
        resource = self.session.resource("dynamodb", endpoint_url=self.endpoint, config=_AWS)
        return resource.meta.client

    def accounts(self) -> AccountsTable:
        """Return the accounts table."""
        return AccountsTable(self.dynamodb(), self.outputs["AccountsTableName"])

    def queue(self) -> SyncQueue:
        """Return the queue, with its dead-letter queue."""
        return SyncQueue(
            self.client("sqs"), self.outputs["SyncQueueUrl"], self.outputs["DeadLetterQueueUrl"]
        )


def on_stack(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give *command* the options that name a stack; it gets the stack as its first argument."""

    @click.option(
        "--stack", "name", help="A stack in AWS, or a stack.json. [default: the local stack]"
    )
    @click.option("--region", help="AWS region of the stack.")
    @click.option("--profile", help="AWS profile to use.")
    @functools.wraps(command)
    def with_stack(
        *args: Any, name: str | None, region: str | None, profile: str | None, **options: Any
    ) -> Any:
        return _explained(
            lambda: command(find(name, region, profile, Path.cwd()), *args, **options)
        )

    return with_stack


def find(name: str | None, region: str | None, profile: str | None, directory: Path) -> Stack:
    """
    Find the stack *name*; without a name the local one, looked for from *directory* upwards.

    Raises:
        click.ClickException: there is none.
    """
    if name is None:
        file = next(
            (
                up / _LOCAL_FILE
                for up in (directory, *directory.parents)
                if (up / _LOCAL_FILE).exists()
            ),
            None,
        )
        if file is None:
            raise click.ClickException(
                "No local stack is up (make up). For a stack in AWS, name it with --stack."
            )
        return _local(file)
    if name.endswith(".json"):
        return _local(Path(name))
    session = boto3.Session(profile_name=profile, region_name=region)
    described = _described(session, name, None)
    return Stack(
        name=name,
        session=session,
        outputs=_pairs(described.get("Outputs", []), "OutputKey", "OutputValue"),
        endpoint=None,
        cronofy_api_url=_parameters(described).get("CronofyApiUrl", ""),
        client_secret=None,
    )


def _local(file: Path) -> Stack:
    try:
        document = json.loads(file.read_text())
        name, endpoint = document["stack_name"], document["aws_endpoint_url"]
        session = boto3.Session(
            aws_access_key_id=document.get("aws_access_key_id", "test"),
            aws_secret_access_key=document.get("aws_secret_access_key", "test"),
            region_name=document["region"],
        )
    except (OSError, ValueError, KeyError) as error:
        raise click.ClickException(f"{file} describes no local stack: {error}") from error
    described = _described(session, name, endpoint)
    return Stack(
        name=name,
        session=session,
        outputs=_pairs(described.get("Outputs", []), "OutputKey", "OutputValue"),
        endpoint=endpoint,
        cronofy_api_url=document.get("cronofy_api_url", ""),
        client_secret=document.get("client_secret"),
    )


def _described(session: boto3.Session, name: str, endpoint: str | None) -> dict[str, Any]:
    client = session.client("cloudformation", endpoint_url=endpoint, config=_AWS)
    try:
        stacks: list[Any] = [*client.describe_stacks(StackName=name)["Stacks"]]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            raise click.ClickException(
                f"There is no stack {name!r} in {session.region_name} for these credentials."
            ) from error
        raise
    described: dict[str, Any] = stacks[0]
    return described


def _parameters(described: dict[str, Any]) -> dict[str, str]:
    return _pairs(described.get("Parameters", []), "ParameterKey", "ParameterValue")


def _pairs(entries: list[dict[str, str]], key: str, value: str) -> dict[str, str]:
    return {entry[key]: entry[value] for entry in entries}


def _explained(act: Callable[[], Any]) -> Any:
    """Say in one line what AWS refused, or that it did not answer."""
    try:
        return act()
    except ClientError as error:
        told = error.response["Error"]
        raise click.ClickException(
            f"AWS refused {error.operation_name}: {told['Code']}: {told.get('Message', '')}"
        ) from error
    except BotoCoreError as error:
        raise click.ClickException(f"AWS could not be asked: {error}") from error
