"""`calmirror env`: what a function has where it is deployed, as a container reaches it."""

import json
from pathlib import Path

import pytest

from calmirror import env
from tests.integration.cli.conftest import CREDENTIALS, NAME, REGION

VARIABLES = {
    "CRONOFY_API_URL": "http://localhost:8080",
    "SYNC_QUEUE_URL": "http://127.0.0.1:4566/000000000000/queue.fifo",
    "PUBLIC_URL": "http://127.0.0.1:4566/_aws/execute-api/mirror",
    "ACCOUNTS_TABLE": "mirror-accounts",
    "RETURN_TO_ORIGINS": "https://app.example.com,https://other.example.com",
    "EMPTY": "",
}


@pytest.fixture
def with_a_function(stack):
    """The tests' stack, with a function whose variables are those above."""
    role = stack.client("iam").create_role(RoleName="role", AssumeRolePolicyDocument="{}")["Role"]
    cloudformation = stack.client("cloudformation")
    template = cloudformation.get_template(StackName=NAME)["TemplateBody"]
    template["Resources"]["SyncFunction"] = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Code": {"ZipFile": "def handler(event, context): pass"},
            "Handler": "index.handler",
            "Runtime": "python3.13",
            "Role": role["Arn"],
            "Environment": {"Variables": VARIABLES},
        },
    }
    cloudformation.update_stack(StackName=NAME, TemplateBody=json.dumps(template))
    return stack


def in_aws(stack, *arguments):
    """Run the command as for a stack in AWS: found by its name, with the caller's credentials."""
    access = {name.upper(): value for name, value in CREDENTIALS.items() if "key" in name}
    environ = {"AWS_ENDPOINT_URL": stack.endpoint, "AWS_DEFAULT_REGION": REGION, **access}
    return stack.run(*arguments, stack=NAME, env=environ)


def test_each_address_of_this_machine_is_the_one_that_a_container_has_for_it(with_a_function):
    told = with_a_function.run("env")

    assert told.exit_code == 0
    assert json.loads(told.stdout) == {
        "SyncFunction": VARIABLES
        | {
            "AWS_ENDPOINT_URL": with_a_function.endpoint.replace(
                "127.0.0.1", "host.docker.internal"
            ),
            "CRONOFY_API_URL": "http://host.docker.internal:8080",
            "SYNC_QUEUE_URL": "http://host.docker.internal:4566/000000000000/queue.fifo",
        }
    }


def test_the_host_can_be_called_otherwise(with_a_function):
    (variables,) = json.loads(with_a_function.run("env", "--host", "172.18.0.1").stdout).values()

    assert variables["CRONOFY_API_URL"] == "http://172.18.0.1:8080"
    assert variables["PUBLIC_URL"] == VARIABLES["PUBLIC_URL"]


def test_what_else_sam_has_to_be_told_is_said_apart(with_a_function):
    told = with_a_function.run("env")

    assert "AWS_ACCESS_KEY_ID=test" in told.stderr
    assert "--env-vars" in told.stderr
    assert "export" not in told.stdout


def test_of_a_stack_in_aws_the_variables_stay_as_they_are(with_a_function):
    told = in_aws(with_a_function, "env")

    assert json.loads(told.stdout) == {"SyncFunction": VARIABLES}
    assert "AWS_ACCESS_KEY_ID" not in told.stderr


def test_a_host_for_a_stack_in_aws_is_a_usage_error(with_a_function):
    assert in_aws(with_a_function, "env", "--host", "example").exit_code == 2


def test_sam_does_not_use_its_own_option_for_the_hosts_network():
    """Why there is `--add-host`: as soon as this fails, the way can be shorter."""
    packages = Path(env.__file__).parents[2] / ".local" / "venv" / "sam"
    (container,) = packages.glob("lib/python*/site-packages/samcli/local/docker/container.py")

    assert 'self.network_id != "host"' in container.read_text()
    assert "network_mode" not in container.read_text()
