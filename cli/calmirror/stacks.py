"""Which stack a command acts on: one in AWS, or the local one."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.loaders
import botocore.session
import click
import requests
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from calendar_mirror import budgets
from calendar_mirror.accounts_table import AccountsTable
from calendar_mirror.budget_table import BudgetTable
from calendar_mirror.errors import CalendarMirrorError
from calendar_mirror.sync_queue import SyncQueue

#: Names of this machine's loopback interface.
LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LOCAL_FILE = Path(".local", "stack.json")
_AWS = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "max_attempts": 4})
#: Whatever the caller has set for AWS itself or as a proxy, it is not meant for the local stack.
_LOCAL = Config(
    connect_timeout=5,
    read_timeout=30,
    retries={"mode": "standard", "max_attempts": 2},
    proxies={},
    use_fips_endpoint=False,
    use_dualstack_endpoint=False,
    account_id_endpoint_mode="disabled",
)
_NO_FILE = (None, None, os.devnull, None)
_LOCAL_VARIABLES = {
    "profile": (None, None, None, None),
    "config_file": _NO_FILE,
    "credentials_file": _NO_FILE,
}


@dataclass(frozen=True, slots=True)
class Stack:
    """
    A deployed stack.

    Attributes:
        outputs, parameters: of the CloudFormation stack.
        endpoint: of the local AWS; ``None``: AWS itself.
        cronofy_api_url: what the stack uses instead of Cronofy's data centers; empty: nothing.
        console_url: known of the local stack only.
    """

    name: str
    session: boto3.Session
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]
    endpoint: str | None
    cronofy_api_url: str
    console_url: str | None = None

    @property
    def place(self) -> str:
        """Return what people know the stack by: its name and region."""
        local = " (local)" if self.endpoint else ""
        return f"{self.name} in {self.session.region_name}{local}"

    @property
    def data_center(self) -> str:
        """Return where the stack's Cronofy application lives."""
        return self.parameters.get("CronofyDataCenter", "us")

    @property
    def public_url(self) -> str:
        """Return where Cronofy reaches the stack; no slash at the end."""
        return self.output("NotificationsUrl").rsplit("/notifications/", 1)[0]

    def output(self, name: str) -> str:
        """
        Return an output of the stack.

        Raises:
            click.ClickException: it has none of that name.
        """
        if name not in self.outputs:
            raise click.ClickException(
                f"The stack {self.name!r} has no output {name}. Is it a Calendar Mirror, fully "
                "deployed?"
            )
        return self.outputs[name]

    def client(self, service: Any) -> Any:
        """Return boto3's client of *service*."""
        return self.session.client(service, endpoint_url=self.endpoint, config=self._config)

    def dynamodb(self) -> Any:
        """Return the DynamoDB client that takes and gives Python values."""
        resource = self.session.resource(
            "dynamodb", endpoint_url=self.endpoint, config=self._config
        )
        return resource.meta.client

    def accounts(self) -> AccountsTable:
        """Return the accounts table."""
        return AccountsTable(self.dynamodb(), self.output("AccountsTableName"))

    def budget(self, now: Callable[[], datetime]) -> BudgetTable:
        """Return the budget of calls that the functions share."""
        limit = budgets.limit(self.calls_per_minute)
        return BudgetTable(self.dynamodb(), self.output("BudgetTableName"), limit, now)

    @property
    def calls_per_minute(self) -> int:
        """Return what Cronofy takes from the application, as the stack was told."""
        return int(self.parameters.get("CronofyCallsPerMinute", 500))

    def queue(self) -> SyncQueue:
        """Return the queue, with its dead-letter queue."""
        return SyncQueue(
            self.client("sqs"), self.output("SyncQueueUrl"), self.output("DeadLetterQueueUrl")
        )

    @property
    def _config(self) -> Config:
        return _LOCAL if self.endpoint else _AWS


def http_session(url: str) -> requests.Session:
    """Return a session for calls to *url*: past any proxy where that is on this machine."""
    session = requests.Session()
    session.trust_env = urlsplit(url).hostname not in LOOPBACK
    return session


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give *command* the options that name a stack."""
    for option in (
        click.option("--profile", help="AWS profile to use."),
        click.option("--region", help="AWS region of the stack."),
        click.option(
            "--stack",
            help="A stack in AWS, or a stack.json. [default: CALMIRROR_STACK, else the local "
            "stack when one is up]",
        ),
    ):
        command = option(command)
    return command


def on_stack(command: Callable[..., Any]) -> Callable[..., Any]:
    """
    Give *command* the `options`; it gets the stack as its first argument.

    They may stand before the command's name as well; those behind it win.
    """

    @options
    @functools.wraps(command)
    def with_stack(
        *args: Any, stack: str | None, region: str | None, profile: str | None, **others: Any
    ) -> Any:
        return _explained(lambda: command(named(stack, region, profile), *args, **others))

    return with_stack


def named(stack: str | None, region: str | None, profile: str | None) -> Stack:
    """
    Find the stack that the `options` name, those before the command's name included.

    Raises:
        click.ClickException: there is none.
    """
    before: Mapping[str, str | None] = click.get_current_context().obj or {}
    chosen = (region or before.get("region"), profile or before.get("profile"))
    return find(stack or before.get("stack"), *chosen, Path.cwd())


def find(name: str | None, region: str | None, profile: str | None, directory: Path) -> Stack:
    """
    Find the stack *name*; without a name the one that CALMIRROR_STACK names, else the local one,
    looked for from *directory* upwards.

    Raises:
        click.ClickException: there is none.
    """
    name = name or os.environ.get("CALMIRROR_STACK")
    places = (up / _LOCAL_FILE for up in (directory, *directory.parents))
    local = None if name else next((file for file in places if file.exists()), None)
    if local:
        return _local(local)
    if not name:
        raise click.ClickException(
            "No local stack is up (make up). For a stack in AWS, name it with --stack or "
            "CALMIRROR_STACK."
        )
    if name.endswith(".json"):
        return _local(Path(name))
    session = boto3.Session(profile_name=profile, region_name=region)
    outputs, parameters = _described(session.client("cloudformation", config=_AWS), name)
    override = parameters.get("CronofyApiUrl", "")
    return Stack(name, session, outputs, parameters, None, override)


def _local(file: Path) -> Stack:
    try:
        document = json.loads(file.read_text())
        name, endpoint = document["stack_name"], document["aws_endpoint_url"]
        session = boto3.Session(
            aws_access_key_id=document.get("aws_access_key_id", "test"),
            aws_secret_access_key=document.get("aws_secret_access_key", "test"),
            region_name=document["region"],
            botocore_session=_untouched(),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise click.ClickException(
            f"{file} describes no local stack: {type(error).__name__}."
        ) from error
    client = session.client("cloudformation", endpoint_url=endpoint, config=_LOCAL)
    try:
        outputs, parameters = _described(client, name)
    except EndpointConnectionError as error:
        raise click.ClickException(
            f"The local stack of {file} does not answer. `make up` starts it."
        ) from error
    override = document.get("cronofy_api_url", "")
    console = document.get("console_url")
    return Stack(name, session, outputs, parameters, endpoint, override, console)


def _untouched() -> botocore.session.Session:
    """Return a session that nothing of the caller's AWS configuration reaches."""
    session = botocore.session.Session(session_vars=_LOCAL_VARIABLES)
    session.register_component("data_loader", _service_descriptions())
    return session


@functools.cache
def _service_descriptions() -> botocore.loaders.Loader:
    """Return botocore's own: to read them takes longer than most commands' calls."""
    return botocore.loaders.create_loader()


def _described(client: Any, name: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the outputs and the parameters of a stack."""
    try:
        described = client.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            raise click.ClickException(
                f"There is no stack {name!r} in {client.meta.region_name} for these credentials."
            ) from error
        raise
    outputs = {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])}
    parameters = {
        each["ParameterKey"]: each["ParameterValue"] for each in described.get("Parameters", [])
    }
    return outputs, parameters


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
        raise click.ClickException(f"AWS did not answer: {error}") from error
    except CalendarMirrorError as error:
        raise click.ClickException(f"Failed: {error}") from error
