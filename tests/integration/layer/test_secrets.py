"""Both ways to the client secrets, boto3's and the one without an SDK, on moto."""

import json

import pytest

from calendar_mirror.aws_json import AwsService
from calendar_mirror.client_secrets import StoredSecrets
from calendar_mirror.credentials import ClientCredentials
from calendar_mirror.errors import AwsCallError, SettingsError
from calendar_mirror.secrets_manager import SecretsManager
from calendar_mirror.sigv4 import AwsCredentials

KEPT = {"us": {"client_id": "id", "client_secret": "hidden, older"}}
DEPLOYED = {"us": {"client_id": "id", "client_secret": "deployed"}}


@pytest.fixture
def secretsmanager(client):
    return client("secretsmanager")


@pytest.fixture
def without_sdk(moto):
    service = AwsService(
        endpoint=moto,
        service="secretsmanager",
        region="us-east-1",
        content_type="application/x-amz-json-1.1",
        credentials=lambda: AwsCredentials("test", "test"),
    )
    yield service
    service.close()


@pytest.fixture(params=["boto3", "without an SDK"])
def text(request, secretsmanager, without_sdk):
    """Return what reads one secret, by its ARN."""
    if request.param == "boto3":
        return SecretsManager(secretsmanager).text
    target = "secretsmanager.GetSecretValue"
    return lambda arn: without_sdk.call(target, {"SecretId": arn}, budget_s=5).get(
        "SecretString", ""
    )


@pytest.fixture
def read(text, secretsmanager):
    """Return what reads both secrets, of which operators have written one."""
    initial = secretsmanager.create_secret(Name="initial", SecretString=json.dumps(DEPLOYED))["ARN"]
    return lambda arn: StoredSecrets(text, arn, initial, "us").read()


def test_before_operators_write_anything_what_was_deployed_counts(read, secretsmanager):
    arn = secretsmanager.create_secret(Name="s", SecretString="{}")["ARN"]

    assert read(arn) == {"us": ClientCredentials("id", ("deployed",))}


def test_what_operators_write_counts(read, secretsmanager):
    arn = secretsmanager.create_secret(Name="s", SecretString=json.dumps(KEPT))["ARN"]

    assert read(arn) == {"us": ClientCredentials("id", ("hidden", "older"))}


def test_a_secret_that_is_not_there_is_a_refused_call(read):
    with pytest.raises(AwsCallError, match=r"ResourceNotFound|ClientError"):
        read("arn:aws:secretsmanager:us-east-1:123456789012:secret:none")


@pytest.mark.parametrize("value", [{"SecretString": "hidden"}, {"SecretBinary": b"hidden"}])
def test_a_secret_of_another_form_is_refused_unquoted(read, secretsmanager, value):
    arn = secretsmanager.create_secret(Name="s", **value)["ARN"]

    with pytest.raises(SettingsError, match="ClientSecrets is not of the form") as refusal:
        read(arn)
    assert "hidden" not in str(refusal.value)
