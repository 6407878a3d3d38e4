"""Two stacks in one account and region: nothing has a name that both would take."""

import json

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from tests.models.expanded import WAYS, expanded

REGION = "us-east-1"


def shared_names(resources):
    """Return the names that two stacks of these *resources* would share, by resource."""
    found = {
        name: [key for key in names(each) if not is_own(each["Properties"][key], resources)]
        for name, each in resources.items()
        if not is_part_of_another(each, resources)
    }
    return {name: keys for name, keys in found.items() if keys}


def names(resource):
    """Return the properties of *resource* that say what it is called, for good."""
    for_good = schema(resource).get("createOnlyProperties", [])
    keys = {path.rpartition("/")[2] for path in for_good if path.count("/") == 2}
    return sorted(k for k in keys & resource.get("Properties", {}).keys() if k.endswith("Name"))


def is_part_of_another(resource, resources):
    """Tell whether another resource of the stack is in its identity, as an alias's function is."""
    for_good = schema(resource).get("createOnlyProperties", [])
    keys = {path.rpartition("/")[2] for path in for_good}
    values = [value for key, value in resource.get("Properties", {}).items() if key in keys]
    return any(refers_to(value, resources) for value in values)


def is_own(value, resources):
    return "AWS::StackName" in json.dumps(value) or refers_to(value, resources)


def refers_to(value, resources):
    if isinstance(value, dict) and value.keys() & {"Ref", "Fn::GetAtt"}:
        (target,) = value.values()
        return (target if isinstance(target, str) else target[0]).partition(".")[0] in resources
    return False


def schema(resource):
    return PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, resource["Type"]).schema


@pytest.mark.parametrize("way", WAYS)
def test_no_name_is_one_that_two_stacks_would_share(way):
    assert shared_names(expanded(way)["Resources"]) == {}


@pytest.mark.parametrize(
    ("resource", "shared"),
    [
        ({"Type": "AWS::Scheduler::Schedule", "Properties": {"Name": "Clock"}}, ["Name"]),
        ({"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "events"}}, ["TableName"]),
        ({"Type": "AWS::Lambda::LayerVersion", "Properties": {"LayerName": "L"}}, ["LayerName"]),
        ({"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Ref": "Name"}}}, ["RoleName"]),
        (
            {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "${Stage}-queue"}}},
            ["QueueName"],
        ),
        (
            {
                "Type": "AWS::SQS::Queue",
                "Properties": {"QueueName": {"Fn::Sub": "${AWS::StackName}-queue"}},
            },
            [],
        ),
        (
            {
                "Type": "AWS::Lambda::Alias",
                "Properties": {"Name": "live", "FunctionName": {"Ref": "Function"}},
            },
            [],
        ),
    ],
)
def test_a_name_that_two_stacks_would_share_is_found(resource, shared):
    resources = {"It": resource, "Function": {"Type": "AWS::Lambda::Function"}}

    assert shared_names(resources).get("It", []) == shared
