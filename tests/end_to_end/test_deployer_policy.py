"""
`sam deploy` and `sam delete` with the rights of docs/deployer-policy.json and no others.

Shows what SAM CLI asks for itself. The local AWS makes a stack's resources whatever the caller may
do: what CloudFormation takes for them is held in tests/integration/test_deployer_policy.py.
"""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_stack import aws, building, deploying, surroundings
from local_stack.locations import PROJECT, Locations
from local_stack.stack import Stack

Sam = Callable[..., CompletedProcess[str]]

POLICY = (PROJECT / "docs" / "deployer-policy.json").read_text()
BUCKET = "aws-sam-cli-managed-default-tests"
#: One of samconfig.toml's.
NAME = "calendar-mirror-staging"
USER = "deployer"
LOCAL = [f"{name}={value}" for name, value in deploying.NOT_IN_MINISTACK.items()]


@pytest.fixture
def keys(stack: Stack) -> Iterator[dict[str, str]]:
    """The access keys of a user who may do what the policy allows."""
    iam = aws.client("iam", stack.aws_endpoint_url)
    iam.create_user(UserName=USER)
    iam.put_user_policy(UserName=USER, PolicyName="deploys", PolicyDocument=POLICY)
    made = iam.create_access_key(UserName=USER)["AccessKey"]
    yield {
        "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
    }
    iam.delete_access_key(UserName=USER, AccessKeyId=made["AccessKeyId"])
    iam.delete_user_policy(UserName=USER, PolicyName="deploys")
    iam.delete_user(UserName=USER)


@pytest.fixture
def sam(stack: Stack, keys: dict[str, str]) -> Sam:
    """Run SAM CLI as that user."""
    locations = Locations(PROJECT / ".local")
    environ = surroundings.for_sam(dict(os.environ), locations)
    to = {"AWS_ENDPOINT_URL": stack.aws_endpoint_url, "AWS_DEFAULT_REGION": stack.region}

    def run(*words: str | Path) -> CompletedProcess[str]:
        return subprocess.run(
            [locations.tool("sam", "sam"), *words],
            cwd=PROJECT,
            env=environ | to | keys,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def template(stack: Stack) -> Iterator[Path]:
    locations = Locations(PROJECT / ".local")
    s3 = aws.client("s3", stack.aws_endpoint_url)
    s3.create_bucket(Bucket=BUCKET)
    yield building.build(locations, building.fingerprint(locations), dict(os.environ))
    aws.client("cloudformation", stack.aws_endpoint_url).delete_stack(StackName=NAME)
    dynamodb = aws.client("dynamodb", stack.aws_endpoint_url)
    for table in dynamodb.list_tables()["TableNames"]:  # they outlive their stack
        if table.startswith(f"{NAME}-"):
            dynamodb.delete_table(TableName=table)


def names(stack: Stack) -> set[str]:
    pages = aws.client("cloudformation", stack.aws_endpoint_url).describe_stacks()
    return {each["StackName"] for each in pages["Stacks"]}


def test_the_policy_deploys_a_stack_and_takes_it_away(
    stack: Stack, sam: Sam, template: Path
) -> None:
    parameters = ("CronofyClientId=an_id", "CronofyClientSecret=a_secret")
    no_settings = ("--config-file", PROJECT / "local" / "local_stack" / "samconfig.toml")

    deployed = sam(
        *("deploy", "--template-file", template, "--stack-name", NAME, "--s3-bucket", BUCKET),
        *("--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", *no_settings),
        *("--parameter-overrides", *parameters, *LOCAL),
    )

    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    assert NAME in names(stack)
    deleted = sam("delete", "--stack-name", NAME, "--no-prompts", *no_settings)
    assert deleted.returncode == 0, deleted.stdout + deleted.stderr
    assert NAME not in names(stack)


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("cloudformation", "delete_stack", {"StackName": "billing"}),
        ("dynamodb", "delete_table", {"TableName": "billing-Invoices"}),
        ("iam", "delete_role", {"RoleName": "billing-Role"}),
        ("dynamodb", "scan", {"TableName": "calendar-mirror-EventsTable"}),
    ],
)
def test_the_policy_does_not_reach_other_stacks_nor_what_tables_hold(
    stack: Stack, keys: dict[str, str], service: Any, operation: str, arguments: dict[str, str]
) -> None:
    session = aws.session(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"])
    client = session.client(service, endpoint_url=stack.aws_endpoint_url)

    with pytest.raises(ClientError, match="not authorized") as refused:
        getattr(client, operation)(**arguments)

    assert "AccessDenied" in json.dumps(refused.value.response["Error"])
