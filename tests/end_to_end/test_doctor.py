"""`calmirror doctor` on a deployed stack: all is well, or a missing permission is named."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from calmirror.main import main
from local_stack import aws
from local_stack.stack import Stack


@pytest.fixture
def doctor(stack: Stack, tmp_path: Path) -> Any:
    """Run the command; return what it found wrong, and how it ended."""
    file = tmp_path / "stack.json"
    stack.write(file)

    def run() -> tuple[list[dict[str, str]], Result]:
        result = CliRunner().invoke(main, ["doctor", "--json", "--stack", str(file)])
        found = json.loads(result.stdout)["findings"]
        return [each for each in found if each["level"] != "ok"], result

    return run


def test_a_deployed_stack_has_nothing_wrong(doctor: Any) -> None:
    wrong, result = doctor()

    assert [each for each in wrong if each["check"] not in ("accounts", "dead letters")] == []
    checks = {each["check"] for each in json.loads(result.stdout)["findings"]}
    assert {"permissions", "triggers", "settings", "limits"} <= checks
    assert {"secret us", "certificate", "entrance"} <= checks
    assert {"resources", "schedule", "functions", "link keys", "key"} <= checks


def test_a_permission_that_is_missing_is_named_with_its_role(stack: Stack, doctor: Any) -> None:
    iam = aws.client("iam", stack.aws_endpoint_url)
    roles = [each["RoleName"] for each in iam.list_roles()["Roles"]]
    (role,) = [name for name in roles if "ReceiveFunctionRole" in name]
    policies = {
        name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    }
    (sends,) = [name for name, each in policies.items() if "sqs:SendMessage" in str(each)]
    iam.delete_role_policy(RoleName=role, PolicyName=sends)
    try:
        wrong, result = doctor()
    finally:
        iam.put_role_policy(
            RoleName=role, PolicyName=sends, PolicyDocument=json.dumps(policies[sends])
        )

    (found,) = [each for each in wrong if each["check"] == "permissions"]
    assert result.exit_code == 1
    assert (
        f"ReceiveFunctionRole has lost its policy {sends}: it may not sqs:SendMessage"
        in (found["said"])
    )
    assert "REVERT_DRIFT" in found["what_to_do"]
    assert not [each for each in doctor()[0] if each["check"] == "permissions"]


@pytest.fixture
def receive(stack: Stack) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Lambda's client, and the function; afterwards it is as it was, with its alias."""
    client = aws.client("lambda", stack.aws_endpoint_url)
    (name,) = [
        each["FunctionName"]
        for page in client.get_paginator("list_functions").paginate()
        for each in page["Functions"]
        if "ReceiveFunction" in each["FunctionName"]
    ]
    before = client.get_function_configuration(FunctionName=name)
    version = client.get_alias(FunctionName=name, Name="live")["FunctionVersion"]
    yield client, before
    client.update_alias(FunctionName=name, Name="live", FunctionVersion=version, RoutingConfig={})
    variables = {"Variables": before["Environment"]["Variables"]}
    client.update_function_configuration(FunctionName=name, Environment=variables)


def change(receive: tuple[Any, dict[str, Any]], **variables: str) -> str:
    client, before = receive
    changed = {"Variables": before["Environment"]["Variables"] | variables}
    client.update_function_configuration(FunctionName=before["FunctionName"], Environment=changed)
    return str(before["FunctionName"])


def found_wrong(doctor: Any) -> list[dict[str, str]]:
    return [each for each in doctor()[0] if each["check"] == "settings"]


def test_an_alias_that_stayed_behind_is_named_and_brought_up_to_date(
    doctor: Any, receive: tuple[Any, dict[str, Any]]
) -> None:
    """As with a deploy whose version SAM took for the same."""
    client, _ = receive
    name = change(receive, AWS_URL_SUFFIX="amazonaws.com.cn")

    (found,) = found_wrong(doctor)

    assert "ReceiveFunction runs with other settings" in found["said"]
    assert found["said"].endswith("deployed with: AWS_URL_SUFFIX.")
    assert f"aws lambda publish-version --function-name {name}`" in found["what_to_do"]
    assert f"aws lambda update-alias --function-name {name} --name live" in found["what_to_do"]
    version = client.publish_version(FunctionName=name)["Version"]
    client.update_alias(FunctionName=name, Name="live", FunctionVersion=version)
    assert found_wrong(doctor) == []


def test_a_function_that_somebody_changed_is_named_and_so_is_a_deploy_under_way(
    doctor: Any, receive: tuple[Any, dict[str, Any]]
) -> None:
    client, _ = receive
    name = change(receive, MERGE_SECONDS="30")
    new = client.publish_version(FunctionName=name)["Version"]
    weights = {"AdditionalVersionWeights": {new: 0.1}}
    client.update_alias(FunctionName=name, Name="live", RoutingConfig=weights)

    drift, under_way = found_wrong(doctor)

    assert drift["said"] == "ReceiveFunction differs from the stack's parameters in MERGE_SECONDS."
    assert "reverts drift" in drift["what_to_do"]
    assert under_way["level"] == "warning"
    assert "step by step" in under_way["said"]


@pytest.fixture
def switched_off(stack: Stack) -> Iterator[dict[str, str]]:
    """Switch off the schedule, a function, a trigger and the key; the physical id of each."""
    cloudformation, scheduler, functions, kms = (
        aws.client(name, stack.aws_endpoint_url)
        for name in ("cloudformation", "scheduler", "lambda", "kms")
    )
    found = cloudformation.describe_stack_resources(StackName=stack.stack_name)["StackResources"]
    names = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}
    clock = scheduler.get_schedule(Name=names["ReconcileFunctionClock"].rsplit("/", 1)[-1])
    kept = ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    schedule = {name: clock[name] for name in kept}
    mapping = names["PublishFunctionWrite"]
    scheduler.update_schedule(**schedule, State="DISABLED")
    functions.put_function_concurrency(
        FunctionName=names["ConnectFunction"], ReservedConcurrentExecutions=0
    )
    functions.update_event_source_mapping(UUID=mapping, Enabled=False)
    kms.disable_key(KeyId=names["AccountsKey"])
    try:
        yield names
    finally:
        scheduler.update_schedule(**schedule, State="ENABLED")
        functions.delete_function_concurrency(FunctionName=names["ConnectFunction"])
        functions.update_event_source_mapping(UUID=mapping, Enabled=True)
        kms.enable_key(KeyId=names["AccountsKey"])


def test_what_is_switched_off_is_named_with_what_switches_it_on(
    doctor: Any, switched_off: dict[str, str]
) -> None:
    wrong, result = doctor()

    found = {each["check"]: each for each in wrong}
    assert result.exit_code == 1
    assert "is disabled: no account gets its daily full read" in found["schedule"]["said"]
    assert "update-schedule" in found["schedule"]["what_to_do"]
    assert "ConnectFunction cannot run" in found["functions"]["said"]
    function = switched_off["ConnectFunction"]
    assert f"--function-name {function}`" in found["functions"]["what_to_do"]
    assert "PublishFunctionWrite is Disabled" in found["triggers"]["said"]
    assert f"--uuid {switched_off['PublishFunctionWrite']}" in found["triggers"]["what_to_do"]
    assert "AccountsKey is Disabled" in found["key"]["said"]
    assert switched_off["AccountsKey"] in found["key"]["what_to_do"]
