"""`calmirror doctor` on a deployed stack: all is well, or a missing permission is named."""

import json
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
    assert {"permissions", "triggers", "limits", "secret us", "certificate", "entrance"} <= checks


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
