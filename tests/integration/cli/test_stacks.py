"""Which stack the command acts on, and what it says where there is none."""

import json
import shutil

import pytest

from tests.models.aws import unused_url

HOSTILE = {
    "AWS_PROFILE": "no-such-profile",
    "AWS_ACCESS_KEY_ID": "someone-else",
    "AWS_SECRET_ACCESS_KEY": "someone-else",
    "AWS_SESSION_TOKEN": "someone-else",
    "AWS_REGION": "eu-west-3",
    "AWS_DEFAULT_REGION": "eu-west-3",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "required",
    "AWS_CONFIG_FILE": "/dev/null/nothing",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null/nothing",
    "AWS_MAX_ATTEMPTS": "1",
    "AWS_RETRY_MODE": "adaptive",
}


def test_the_callers_aws_configuration_does_not_reach_the_local_stack(stack, account):
    nowhere = unused_url()
    env = HOSTILE | {"AWS_ENDPOINT_URL": nowhere, "HTTP_PROXY": nowhere, "http_proxy": nowhere}
    env |= {"ALL_PROXY": nowhere, "NO_PROXY": "", "no_proxy": ""}

    for command in (("status",), ("verify", account["account_id"]), ("notify", "acc_1")):
        done = stack.run(*command, env=env)
        assert done.exit_code == 0, done.output


def test_the_local_stack_is_found_from_the_working_directory(stack, monkeypatch):
    below = stack.file.parents[1] / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)

    found = stack.run("status", "--json", stack=None, env={"CALMIRROR_STACK": None})

    assert json.loads(found.stdout)["aws"] == stack.endpoint


def test_the_stack_that_the_environment_names_wins_over_a_local_one(stack, aws, monkeypatch):
    monkeypatch.chdir(stack.file.parents[1])
    env = aws | {"CALMIRROR_STACK": "another"}

    by_environment = stack.run("status", stack=None, env=env)
    by_option = stack.run("status", "--json", env=env)

    assert "There is no stack 'another' in us-east-1" in by_environment.stderr
    assert json.loads(by_option.stdout)["stack"] == "mirror"


def test_options_may_stand_before_the_command_and_those_behind_win(stack, aws):
    before = stack.run("--stack", str(stack.file), "status", stack=None)
    both = stack.run("--stack", "nonsense", "status", stack=str(stack.file))
    region = stack.run("--stack", "mirror", "--region", "eu-west-3", "status", stack=None, env=aws)

    assert (before.exit_code, both.exit_code) == (0, 0)
    assert "There is no stack 'mirror' in eu-west-3" in region.stderr


def test_a_stack_in_aws_is_found_by_its_name(stack, account, aws):
    for command in (("status",), ("verify", account["account_id"]), ("notify", "acc_1")):
        done = stack.run(*command, stack="mirror", env=aws)
        assert done.exit_code == 0, done.output


def test_a_stack_in_aws_is_found_by_the_environment(stack, aws, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))

    named = stack.run("status", "--json", stack=None, env=aws | {"CALMIRROR_STACK": "mirror"})

    assert json.loads(named.stdout)["stack"] == "mirror"
    assert stack.run("status", stack=None, env=aws).exit_code == 1


@pytest.mark.parametrize(
    ("changed", "options", "said"),
    [
        ({}, ("--stack", "other"), "There is no stack 'other' in us-east-1"),
        ({"AWS_DEFAULT_REGION": None}, ("--stack", "mirror"), "You must specify a region"),
        (
            {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None},
            ("--stack", "mirror"),
            "Unable to locate credentials",
        ),
        ({}, ("--stack", "mirror", "--profile", "gone"), "The config profile (gone) could not be"),
    ],
)
def test_what_is_lacking_is_said_in_one_line(stack, aws, changed, options, said):
    refused = stack.run("status", *options, stack=None, env=aws | changed)

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert said in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_a_local_stack_that_does_not_answer_is_said_to_need_starting(stack):
    document = json.loads(stack.file.read_text())
    stack.file.write_text(json.dumps(document | {"aws_endpoint_url": unused_url()}))

    refused = stack.run("status")

    assert refused.exit_code == 1
    assert "does not answer. `make up` starts it." in refused.stderr


def test_a_stack_that_is_no_calendar_mirror_is_told_by_what_it_lacks(stack):
    stack.client("cloudformation").create_stack(
        StackName="other", TemplateBody=json.dumps({"Resources": {}})
    )
    document = json.loads(stack.file.read_text())
    stack.file.write_text(json.dumps(document | {"stack_name": "other"}))

    refused = stack.run("status")

    assert refused.exit_code == 1
    assert "'other' has no output SyncQueueUrl" in refused.stderr


def test_a_table_that_is_gone_is_said_in_one_line(stack):
    stack.dynamodb.delete_table(TableName=stack.outputs["AccountsTableName"])

    for command in (
        ("accounts", "list"),
        ("accounts", "show", "acc_1"),
        ("accounts", "add", "acc_1", "--refresh-token", "token-of-the-test"),
        ("sync", "acc_1"),
        ("verify", "acc_1"),
    ):
        refused = stack.run(*command)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert "ResourceNotFoundException" in refused.stderr
        assert "token-of-the-test" not in refused.stderr
        said = [line for line in refused.stderr.splitlines() if not line.startswith("Stack: ")]
        assert len(said) == 1


def test_without_a_stack_the_message_says_what_to_do(stack, aws, monkeypatch):
    monkeypatch.chdir(stack.file.parents[1])
    shutil.rmtree(stack.file.parent)

    refused = stack.run("status", stack=None, env=aws)

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "No local stack is up (make up)" in refused.stderr
