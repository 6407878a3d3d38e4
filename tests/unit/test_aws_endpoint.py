"""An AWS of one's own: how the functions come to it, and that an empty address means AWS itself."""

import re

import boto3
import pytest

from functions.receive import app
from tests.models.template import PARAMETERS, TEMPLATE

SERVICES = ("dynamodb", "events", "secretsmanager", "sqs")


def test_every_function_declares_where_aws_is_since_sam_local_hands_on_nothing_else():
    variables = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]

    assert "AWS_ENDPOINT_URL" in variables


def test_by_default_it_is_aws_itself():
    variables = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    condition, given, otherwise = variables["AWS_ENDPOINT_URL"]["Fn::If"]
    parameter = PARAMETERS["AwsEndpointUrl"]

    assert (given, otherwise) == ({"Ref": "AwsEndpointUrl"}, {"Ref": "AWS::NoValue"})
    assert TEMPLATE["Conditions"][condition] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "AwsEndpointUrl"}, ""]}]
    }

    assert parameter["Default"] == ""
    assert re.fullmatch(parameter["AllowedPattern"], "")
    assert re.fullmatch(parameter["AllowedPattern"], "http://127.0.0.1:4566")
    assert not re.fullmatch(parameter["AllowedPattern"], "127.0.0.1:4566")


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    ("address", "endpoint"),
    [("", "https://{}.eu-central-1.amazonaws.com"), ("http://127.0.0.1:1", "http://127.0.0.1:1")],
)
def test_boto3_takes_an_empty_address_as_none(monkeypatch, service, address, endpoint):
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)

    access = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    client = boto3.session.Session(**access).client(service, region_name="eu-central-1")

    assert client.meta.endpoint_url == endpoint.format(service)
    client.close()


@pytest.mark.parametrize(
    ("address", "endpoint"),
    [("", "https://sqs.eu-central-1.amazonaws.com"), ("http://127.0.0.1:1", "http://127.0.0.1:1")],
)
def test_receive_takes_an_empty_address_as_none(receive_door, address, endpoint):
    assert receive_door(address).service("sqs", "1.0").endpoint == endpoint


@pytest.fixture
def receive_door(monkeypatch):
    """Return the door of `receive` as it is under an address of AWS."""

    def door(address):
        variables = {name.upper(): "0" for name in app.settings.ReceiveSettings.__slots__}
        variables |= {"AWS_REGION": "eu-central-1", "AWS_URL_SUFFIX": "amazonaws.com"}
        for name, value in (variables | {"AWS_ENDPOINT_URL": address}).items():
            monkeypatch.setenv(name, value)
        for each in (app.configuration, app.service):
            each.cache_clear()
        return app

    yield door
    for each in (app.configuration, app.service):
        each.cache_clear()
