"""A second stack beside the first: deployed by the README's answers, rotated, used, taken away."""

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import requests

from local_stack import aws, building, deploying, round_trip, routes, surroundings
from local_stack.locations import Locations
from local_stack.stack import Stack
from tests.models import aws_cli, dialogue, transcript
from tests.models.dialogue import Dialogue
from tests.models.template import ROOT

NAME = "calendar-mirror-second"
SECRETS = ("local-client-secret", "rotated-by-hand", "rotated-by-the-command")
RETAINED = ("EventsTable", "AccountsTable", "ErasuresTable", "AccountsKey")
LOCAL = [f"{name}={value}" for name, value in deploying.NOT_IN_MINISTACK.items()]
UPGRADING = ROOT / "docs" / "upgrading.md"


@dataclass(frozen=True)
class Second:
    """The second stack."""

    talk: Dialogue
    stack: Stack
    directory: Path
    template: Path

    def sam(self, command: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Run SAM with the settings that the guided deployment has saved."""
        return subprocess.run(
            [*_sam(self.directory), command, "--config-file", self.settings, *options],
            env=_environ(self.directory, self.stack.aws_endpoint_url),
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def settings(self) -> Path:
        return self.directory / "samconfig.toml"

    @property
    def file(self) -> Path:
        return self.directory / "stack.json"

    def client(self, service: str) -> Any:
        return aws.client(service, self.stack.aws_endpoint_url)


def _sam(directory: Path) -> list[str]:
    return [str(Locations(directory).tool("sam", "sam"))]


def _environ(directory: Path, endpoint: str) -> dict[str, str]:
    locations = Locations(directory)
    return surroundings.for_sam(dict(os.environ), locations) | {"AWS_ENDPOINT_URL": endpoint}


@pytest.fixture(scope="module")
def second(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Second]:
    """Deployed into the first one's AWS. The simulator signs with each of the `SECRETS`."""
    directory, endpoint = tmp_path_factory.mktemp("second"), stack.aws_endpoint_url
    locations = Locations(directory)
    template = building.build(locations, building.fingerprint(locations), dict(os.environ))
    _settings(stack, directory / "samconfig.toml")
    answers = {line.question: line.answer for line in transcript.lines()}
    known = {"YOUR_CLIENT_ID": stack.client_id, "YOUR_CLIENT_SECRET": stack.client_secret}

    def answer(question: str) -> str:
        said = answers.get(transcript.bare(question), answers[transcript.OTHERS])
        return known.get(said, said)

    files = ("--config-file", directory / "samconfig.toml", "--template-file", template)
    talk = dialogue.hold(
        [*_sam(directory), "deploy", "--guided", *files],
        answer,
        environ=_environ(directory, endpoint),
        directory=directory,
        seconds=300,
    )
    assert talk.exit_code == 0, talk.shown
    routes.complete(NAME, NAME, endpoint)
    outputs = deploying.outputs(NAME, endpoint)
    url = outputs["NotificationsUrl"]
    described = replace(stack, stack_name=NAME, notifications_url=url, outputs=outputs)
    described.write(directory / "stack.json")
    _sign_with(stack, SECRETS)
    made = Second(talk, described, directory, template)
    yield made
    made.sam("delete", "--no-prompts")  # what a test that failed has left: others look at all
    _sign_with(stack, SECRETS[:1])


def _settings(stack: Stack, file: Path) -> None:
    """Write the project's samconfig.toml with what has to differ beside another stack, locally."""
    public_url = deploying.public_url(NAME, stack.aws_endpoint_url)
    here = " ".join(LOCAL)
    overrides = f"CronofyApiUrl={stack.cronofy_api_url} PublicUrl={public_url} {here}"
    tag = f"{deploying.API_ID_TAG}={NAME}"
    text = (ROOT / "samconfig.toml").read_text()
    for old, new in (
        (f'stack_name = "{stack.stack_name}"', f'stack_name = "{NAME}"'),
        (
            'tags = "application=calendar-mirror"',
            f'tags = "{tag}"\nparameter_overrides = "{overrides}"',
        ),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    file.write_text(text)


def _sign_with(stack: Stack, secrets: tuple[str, ...]) -> None:
    url = f"{stack.cronofy_api_url}/_control/settings"
    requests.patch(url, json={"client_secrets": secrets}, timeout=5).raise_for_status()


def calmirror(file: Path, *arguments: str, stdin: str = "") -> str:
    done = subprocess.run(
        [Path(sys.executable).with_name("calmirror"), *arguments, "--stack", file],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_answers_in_the_readme_end_in_a_stack(second: Second) -> None:
    (found,) = second.client("cloudformation").describe_stacks(StackName=NAME)["Stacks"]

    assert found["StackStatus"] == "CREATE_COMPLETE"
    assert "Successfully created/updated stack" in second.talk.shown


def test_the_readme_shows_each_question_but_those_of_parameters_with_a_default(
    second: Second,
) -> None:
    shown = [line.question for line in transcript.lines() if line.question != transcript.OTHERS]
    asked = second.talk.questions
    left_out = [each for each in asked if transcript.bare(each) not in shown]

    assert [transcript.bare(each) for each in asked if each not in left_out] == shown
    assert all(each.startswith("Parameter ") and each.endswith("]") for each in left_out)


def test_the_client_secret_is_neither_shown_nor_saved(second: Second) -> None:
    assert second.stack.client_secret not in second.talk.shown
    assert second.stack.client_secret not in second.settings.read_text()


def test_a_deployment_undoes_no_rotation(second: Second) -> None:
    """By hand, then by the command; then come another data center and another client secret."""
    vault, arn = second.client("secretsmanager"), second.stack.outputs["ClientSecretsArn"]
    entry = {"client_id": second.stack.client_id, "client_secret": SECRETS[1]}
    vault.put_secret_value(SecretId=arn, SecretString=json.dumps({"us": entry}))
    calmirror(second.file, "data-center", "add", "us", "--keep-old", stdin=SECRETS[2])
    written = vault.get_secret_value(SecretId=arn)["SecretString"]

    parameters = ("CronofyDataCenter=de", "CronofyClientId=another", "CronofyClientSecret=other")
    files = ("--template-file", str(second.template), "--no-confirm-changeset")
    deployed = second.sam("deploy", *files, "--parameter-overrides", *parameters, *LOCAL)

    assert deployed.returncode == 0, deployed.stderr
    initial = second.stack.outputs["InitialCredentialsArn"]
    assert "another" in vault.get_secret_value(SecretId=initial)["SecretString"]
    assert vault.get_secret_value(SecretId=arn)["SecretString"] == written
    assert [_status(second.stack, secret) for secret in SECRETS] == [401, 200, 200]
    rows = json.loads(calmirror(second.file, "data-center", "list", "--json"))
    assert [(row["data_center"], row["kept_in"]) for row in rows] == [
        ("de", "InitialCredentials"),
        ("us", "ClientSecrets"),
    ]


def _status(stack: Stack, secret: str) -> int:
    body = b'{"notification":{"type":"verification"}}'
    headers = {"Cronofy-HMAC-SHA256": round_trip.signature(body, secret)}
    url = stack.notifications_url.replace("{account_id}", "acc_1")
    return requests.post(url, data=body, headers=headers, timeout=30).status_code


def test_two_stacks_in_one_account_and_region_are_both_at_work(
    stack: Stack, second: Second
) -> None:
    first_file = Path(stack.logs).with_name("stack.json")
    accounts = [_connected(stack, first_file), _connected(second.stack, second.file)]
    made = [_changed(stack, account) for account in accounts]

    for here, account, summary in zip((stack, second.stack), accounts, made, strict=True):
        _wait_until(lambda: summary in _summaries(here, account))  # noqa: B023
    assert _summaries(stack, accounts[1]) == _summaries(second.stack, accounts[0]) == []
    schedules = [each["Name"] for each in second.client("scheduler").list_schedules()["Schedules"]]
    assert len({name for name in schedules if name.startswith(NAME)}) == 1
    assert len(schedules) == len(set(schedules)) >= 2


def _connected(stack: Stack, file: Path) -> str:
    """Put an account of the simulator's in place, and wait for its channel."""
    account = requests.post(f"{stack.cronofy_api_url}/_control/accounts", json={}, timeout=5).json()
    account_id = str(account["account_id"])
    options = ("--refresh-token", "-", "--data-center", "us")
    calmirror(file, "accounts", "add", account_id, *options, stdin=account["refresh_token"])
    _wait_until(
        lambda: bool(
            json.loads(calmirror(file, "accounts", "show", account_id, "--json"))["channel_id"]
        )
    )
    return account_id


def _changed(stack: Stack, account_id: str) -> str:
    """Make an event, of which Cronofy notifies; return its summary."""
    summary = uuid.uuid4().hex
    url = f"{stack.cronofy_api_url}/_control/accounts/{account_id}/events"
    requests.post(url, json={"summary": summary}, timeout=5).raise_for_status()
    return summary


def _summaries(stack: Stack, account_id: str) -> list[str]:
    rows = aws.client("dynamodb", stack.aws_endpoint_url).query(
        TableName=stack.outputs["EventsTableName"],
        KeyConditionExpression="pk = :account",
        ExpressionAttributeValues={":account": {"S": account_id}},
    )["Items"]
    return [row["event"]["M"]["summary"]["S"] for row in rows]


def test_a_first_deployment_that_fails_leaves_nothing(second: Second) -> None:
    """The change feed's bus is somebody else's: AWS refuses a second one of that name."""
    name = "calendar-mirror-third"
    second.client("events").create_event_bus(Name=f"{name}-changes")
    parameters = ("CronofyClientId=id", "CronofyClientSecret=secret")
    files = ("--template-file", str(second.template), "--no-confirm-changeset")
    about = ("--stack-name", name, "--tags", "stage=third")

    failed = second.sam("deploy", *files, *about, "--parameter-overrides", *parameters, *LOCAL)

    assert failed.returncode == 1
    assert "EventBus already" in failed.stdout
    resources = second.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    keys = [e["PhysicalResourceId"] for e in resources if e["LogicalResourceId"] == "AccountsKey"]
    assert _left(second, name, keys[0]) == set()
    assert second.sam("delete", "--no-prompts", "--stack-name", name).returncode == 0


def test_a_deleted_stack_leaves_what_the_page_says_and_its_commands_end_that(
    second: Second,
) -> None:
    look, *ends = aws_cli.commands(UPGRADING, "## Taking it away")
    kept = aws_cli.carry_out(look, second.client, **{"calendar-mirror": NAME})
    logical = _logical_ids(second)
    assert sorted(logical[physical] for physical in kept) == sorted(RETAINED)

    deleted = second.sam("delete", "--no-prompts")

    assert deleted.returncode == 0, deleted.stderr
    names = {logical[physical]: physical for physical in kept}
    assert _left(second, NAME, names["AccountsKey"]) == set(RETAINED)
    for command in ends:
        aws_cli.carry_out(
            command,
            second.client,
            EVENTS_TABLE=names["EventsTable"],
            ACCOUNTS_TABLE=names["AccountsTable"],
            ERASURES_TABLE=names["ErasuresTable"],
            ACCOUNTS_KEY=names["AccountsKey"],
        )
    assert _left(second, NAME, names["AccountsKey"]) == set()


def _logical_ids(second: Second) -> dict[str, str]:
    described = second.client("cloudformation").describe_stack_resources(StackName=NAME)
    return {
        each["PhysicalResourceId"]: each["LogicalResourceId"]
        for each in described["StackResources"]
    }


def _left(second: Second, name: str, key_id: str) -> set[str]:
    """What is there of a stack, by looking at each service that is paid for what it keeps."""
    client, found = second.client, []
    found += client("dynamodb").list_tables()["TableNames"]
    found += [each["Name"] for each in client("secretsmanager").list_secrets()["SecretList"]]
    found += [each["FunctionName"] for each in client("lambda").list_functions()["Functions"]]
    found += [each["LayerName"] for each in client("lambda").list_layers()["Layers"]]
    found += [url.rpartition("/")[2] for url in client("sqs").list_queues()["QueueUrls"]]
    found += [each["logGroupName"] for each in client("logs").describe_log_groups()["logGroups"]]
    found += [each["Name"] for each in client("scheduler").list_schedules()["Schedules"]]
    watch = client("cloudwatch")
    found += [each["AlarmName"] for each in watch.describe_alarms()["MetricAlarms"]]
    found += [each["DashboardName"] for each in watch.list_dashboards()["DashboardEntries"]]
    names = {each.rpartition(f"{name}-")[2] for each in found if name in each}
    key = client("kms").describe_key(KeyId=key_id)["KeyMetadata"]
    kinds = {name.partition("-")[0] for name in names}
    return kinds | ({"AccountsKey"} if key["KeyState"] == "Enabled" else set())


def _wait_until(fact: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, f"not so after {seconds} seconds"
        time.sleep(0.1)
