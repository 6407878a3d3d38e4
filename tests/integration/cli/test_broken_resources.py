"""What somebody broke in AWS: `doctor` names it, and what really mends it."""

import json
import re

import pytest

from tests.models.aws import unused_url


def findings(stack, *arguments, ends_with=1):
    """Return what `doctor` finds wrong: the first thing of each check."""
    told = stack.told("doctor", *arguments, ends_with=ends_with)["findings"]
    return {each["check"]: each for each in reversed(told) if each["level"] != "ok"}


def put(stack, output, text):
    stack.client("secretsmanager").put_secret_value(
        SecretId=stack.outputs[output], SecretString=text
    )


@pytest.mark.parametrize("text", ["not JSON", "[]", '{"us": {"client_id": "only"}}', " "])
@pytest.mark.parametrize("name", ["ClientSecrets", "InitialCredentials"])
def test_a_secret_that_is_not_as_it_must_be_is_named_and_not_told(stack, name, text):
    put(stack, f"{name}Arn", text)

    wrong = findings(stack)["secret"]

    assert f"the secret {name} is not of the form" in wrong["said"]
    assert "aws secretsmanager put-secret-value" in wrong["what_to_do"]
    assert text == " " or text not in str(wrong)


@pytest.mark.parametrize("text", [" ", ","])
def test_link_keys_that_sign_nothing_are_named(stack, text):
    put(stack, "LinkKeysArn", text)

    wrong = findings(stack)["link keys"]

    assert "holds no key: nobody can connect a calendar" in wrong["said"]
    assert "put-secret-value" in wrong["what_to_do"]


@pytest.mark.parametrize(
    ("output", "check"),
    [
        ("LinkKeysArn", "link keys"),
        ("ClientSecretsArn", "secret"),
        ("InitialCredentialsArn", "secret"),
    ],
)
def test_a_secret_that_is_to_be_deleted_is_named_and_restored(stack, output, check):
    arn = stack.outputs[output]
    stack.client("secretsmanager").delete_secret(SecretId=arn)

    wrong = findings(stack)[check]

    assert "is to be deleted" in wrong["said"]
    assert f"restore-secret --secret-id {arn}" in wrong["what_to_do"]
    stack.client("secretsmanager").restore_secret(SecretId=arn)
    assert findings(stack, ends_with=0) == {}


@pytest.mark.parametrize("output", ["SyncQueueUrl", "DeadLetterQueueUrl"])
def test_a_deleted_queue_comes_back_with_a_change_set_and_not_with_a_deploy(stack, output):
    stack.client("sqs").delete_queue(QueueUrl=stack.outputs[output])

    told = stack.told("doctor", ends_with=1)["findings"]
    wrong = [each for each in told if each["level"] == "error"]

    assert f"{stack.outputs[output]} ({output}) is gone" in wrong[0]["said"]
    assert all("REVERT_DRIFT --stack-name mirror" in each["what_to_do"] for each in wrong)
    assert "puts back what is missing" not in str(told)


def test_a_deleted_bus_comes_back_with_a_change_set_and_not_with_a_deploy(stack):
    stack.client("events").delete_event_bus(Name=stack.outputs["ChangeBusName"])

    wrong = findings(stack)

    assert set(wrong) == {"resources"}
    assert (
        "changes (ChangeBusName) is gone: nobody is told of changes" in (wrong["resources"]["said"])
    )
    assert "REVERT_DRIFT --stack-name mirror" in wrong["resources"]["what_to_do"]
    assert "`sam deploy` alone does not" in wrong["resources"]["what_to_do"]


def test_a_disabled_key_is_named_and_enabled(stack):
    key_id = stack.outputs["AccountsKey"]
    stack.client("kms").disable_key(KeyId=key_id)

    wrong = findings(stack)["key"]

    assert "AccountsKey is Disabled: no function can read a token" in wrong["said"]
    assert f"`aws kms enable-key --key-id {key_id}`" in wrong["what_to_do"]
    stack.client("kms").enable_key(KeyId=key_id)
    assert findings(stack, ends_with=0) == {}


def test_a_key_that_is_to_be_deleted_is_kept_first(stack):
    stack.client("kms").schedule_key_deletion(KeyId=stack.outputs["AccountsKey"])

    do = findings(stack)["key"]["what_to_do"]

    assert do.index("cancel-key-deletion") < do.index("enable-key")


def test_an_account_without_tokens_is_named_and_gets_new_ones(stack, account):
    account_id = account["account_id"]
    stack.dynamodb.update_item(
        TableName=stack.outputs["AccountsTableName"],
        Key={"account_id": account_id},
        UpdateExpression="REMOVE refresh_token, access_token",
    )

    for arguments in ((), (account_id,)):
        wrong = findings(stack, *arguments)
        assert f"nothing can be read: 1 account: {account_id}" in wrong["tokens"]["said"]
        assert "connect-link" in wrong["tokens"]["what_to_do"]
    checked = stack.told("channels", "check", ends_with=1)["findings"]
    assert [each["finding"] for each in checked] == ["unreachable"]
    again = re.search(r"`calmirror (accounts add .*?)`", wrong["tokens"]["what_to_do"])[1]
    tokens = stack.control("GET", f"accounts/{account_id}")["tokens"]
    assert stack.run(*again.split(), stdin=tokens["refresh_token"]).exit_code == 0
    stack.settle()
    assert findings(stack, account_id, ends_with=0) == {}


def test_an_account_that_is_not_there_is_a_finding(stack):
    wrong = findings(stack, "acc_none")["account"]

    assert "There is no account acc_none in mirror in us-east-1" in wrong["said"]
    assert "`calmirror accounts list`" in wrong["what_to_do"]


NOBODY = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}


@pytest.mark.parametrize(
    ("changed", "options", "check", "said", "do"),
    [
        (NOBODY, (), "credentials", "There are no AWS credentials", "aws sso login"),
        ({"AWS_DEFAULT_REGION": None}, (), "region", "No AWS region is set", "--region"),
        ({}, ("--profile", "gone"), "credentials", "profile (gone)", "--profile"),
        ({}, ("--region", "eu-west-3"), "stack", "There is no stack 'mirror' in eu-west-3", "--"),
        ({"AWS_ENDPOINT_URL": unused_url()}, (), "stack", "AWS did not answer", "Try again"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_without_credentials_or_region_the_doctor_finds_that(
    stack, aws, changed, options, check, said, do, as_json
):
    json_option = ("--json",) if as_json else ()

    result = stack.run("doctor", *options, *json_option, stack="mirror", env=aws | changed)

    assert result.exit_code == 1
    if as_json:
        (found,) = json.loads(result.stdout)["findings"]
        assert (found["check"], found["level"]) == (check, "error")
        assert said in found["said"]
        assert do in found["what_to_do"]
    else:
        assert f"error    {check}" in result.stdout
        assert said in result.stdout
        assert result.stdout.endswith("1 error, 0 warnings.\n")


def test_without_a_stack_the_doctor_finds_that(stack, aws, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))

    result = stack.run("doctor", "--json", stack=None, env=aws)

    told = json.loads(result.stdout)
    assert (result.exit_code, told["stack"], told["worst"]) == (1, None, "error")
    assert "No local stack is up" in told["findings"][0]["said"]
    assert "CALMIRROR_STACK" in told["findings"][0]["what_to_do"]
