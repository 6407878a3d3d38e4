"""The example of an application with a Calendar Mirror in it: deployed, and at work."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from calendar_mirror import instants, records
from local_stack import aws, deploying, surroundings
from local_stack.locations import PROJECT, Locations
from local_stack.stack import Stack
from tests.end_to_end.test_notification_types import eventually

EXAMPLE = PROJECT / "examples" / "nested"
LOCATION = "Location: ../../template.yaml"
NAME = "nested"
ACCOUNT_ID = "acc_nested"


@dataclass(frozen=True)
class Application:
    """The example, deployed to the local AWS."""

    endpoint: str

    def client(self, service: str) -> Any:
        return aws.client(service, self.endpoint)

    def resource(self, logical_id: str, stack_name: str = NAME) -> str:
        found = self.client("cloudformation").describe_stack_resource(
            StackName=stack_name, LogicalResourceId=logical_id
        )
        physical: str = found["StackResourceDetail"]["PhysicalResourceId"]
        return physical

    def put_event(self, **fields: str) -> None:
        """Write a row as `sync` would."""
        document = {"calendar_id": "cal_1", "event_uid": "evt_1", **fields}
        record = records.from_cronofy(ACCOUNT_ID, {**document})
        table = self.resource("EventsTable", self.resource("CalendarMirror"))
        dynamodb: Any = aws.session().resource("dynamodb", endpoint_url=self.endpoint)
        dynamodb.Table(table).put_item(Item=records.to_item(record, synced_at=datetime.now(UTC)))

    def log_lines(self, logical_id: str) -> list[str]:
        group = f"/aws/lambda/{self.resource(logical_id)}"
        logs = self.client("logs")
        try:
            return [
                each["message"] for each in logs.filter_log_events(logGroupName=group)["events"]
            ]
        except logs.exceptions.ResourceNotFoundException:
            return []


@pytest.fixture(scope="module")
def application(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    """
    CloudFormation expands the SAM template inside; the local AWS does not. So the inner template
    is the one that it has expanded for the stack of the other tests.
    """
    folder = tmp_path_factory.mktemp("nested")
    cloudformation = aws.client("cloudformation", stack.aws_endpoint_url)
    inner = cloudformation.get_template(StackName=stack.stack_name, TemplateStage="Processed")
    body = inner["TemplateBody"]
    for name, value in deploying.NOT_IN_MINISTACK.items():
        body["Parameters"][name]["Default"] = value
    (folder / "expanded.json").write_text(json.dumps(body))
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    outer = (EXAMPLE / "template.yaml").read_text()
    assert LOCATION in outer
    (folder / "template.yaml").write_text(outer.replace(LOCATION, "Location: expanded.json"))
    deploy(stack, folder)
    yield Application(stack.aws_endpoint_url)
    cloudformation.delete_stack(StackName=NAME)


def deploy(stack: Stack, folder: Path) -> None:
    locations = Locations(Path(stack.logs).parent)
    environ = surroundings.for_sam(os.environ, locations)
    settings = PROJECT / "local" / "local_stack" / "samconfig.toml"
    done = subprocess.run(
        [
            *(locations.tool("sam", "sam"), "deploy", "--config-file", settings),
            *("--template-file", folder / "template.yaml", "--stack-name", NAME),
            *("--s3-bucket", deploying.BUCKET, "--no-confirm-changeset"),
            *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"),
            *("--parameter-overrides", f"CronofyClientId={stack.client_id}"),
            f"CronofyClientSecret={stack.client_secret}",
        ],
        env=environ | {"AWS_ENDPOINT_URL": stack.aws_endpoint_url},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_its_function_reads_rows_with_the_layer_and_its_other_is_told_of_changes(
    application: Application,
) -> None:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    times = {"start": start, "end": start + timedelta(hours=1)}
    application.put_event(
        summary="Lunch", **{name: instants.to_text(each) for name, each in times.items()}
    )

    answer = application.client("lambda").invoke(
        FunctionName=application.resource("AgendaFunction"),
        Payload=json.dumps({"account_id": ACCOUNT_ID}).encode(),
    )
    assert json.loads(answer["Payload"].read()) == [
        {"summary": "Lunch", **{name: each.isoformat() for name, each in times.items()}}
    ]
    told = '{"change": "Calendar Event Created", "account_id": "acc_nested", "event_uid": "evt_1"'
    eventually(
        lambda: any(told in line for line in application.log_lines("ChangesFunction")),
        "the change in the function's log",
    )
