"""What is left of the template for an emulator that cannot create everything in it."""

import pytest

from second_emulator import trimming

TEMPLATE = {
    "Parameters": {"Merge": {"Type": "Number"}},
    "Conditions": {
        "HasMail": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Mail"}, ""]}]},
        "HasBoth": {"Fn::And": [{"Condition": "HasMail"}, {"Fn::Equals": [{"Ref": "Merge"}, "1"]}]},
    },
    "Mappings": {"Delay": {"1": {"Seconds": 2}}},
    "Resources": {
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {}},
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "DependsOn": ["Table", "Key"],
            "UpdatePolicy": {"anything": True},
            "Properties": {
                "DelaySeconds": {"Fn::FindInMap": ["Delay", {"Ref": "Merge"}, "Seconds"]},
                "Tags": [{"Key": "table", "Value": {"Ref": "Table"}}],
            },
        },
        "Key": {
            "Type": "AWS::KMS::Key",
            "Properties": {
                "Description": {"Fn::Sub": "${AWS::Region} ${Queue.Arn} ${Table.Arn} ${Table}"},
                "KeyPolicy": {"Resource": {"Fn::GetAtt": ["Table", "Arn"]}},
            },
        },
        "Mail": {"Type": "AWS::SNS::Subscription", "Condition": "HasMail", "Properties": {}},
        "Both": {"Type": "AWS::SNS::Subscription", "Condition": "HasBoth", "Properties": {}},
    },
}


@pytest.fixture
def resources():
    parameters = {"Merge": "1", "Mail": ""}
    return trimming.trimmed(TEMPLATE, {"Table": "why"}, parameters)["Resources"]


def test_only_the_types_that_the_emulator_cannot_create_are_left_out_beforehand():
    unable = {n for n, r in TEMPLATE["Resources"].items() if trimming.why_unable(r)}

    assert unable == {"Table"}


def test_who_refers_to_what_is_left_out_gets_a_made_up_name(resources):
    key, queue = resources["Key"]["Properties"], resources["Queue"]["Properties"]

    assert set(resources) == {"Queue", "Key", "Mail", "Both"}
    assert queue["Tags"] == [{"Key": "table", "Value": "left-out-Table"}]
    assert key["KeyPolicy"]["Resource"] == "arn:aws:sqs:us-east-1:000000000000:Table"
    assert key["Description"] == {
        "Fn::Sub": "${AWS::Region} ${Queue.Arn} arn:aws:sqs:us-east-1:000000000000:Table "
        "left-out-Table"
    }


def test_nothing_waits_for_what_is_left_out(resources):
    assert resources["Queue"]["DependsOn"] == ["Key"]
    assert "UpdatePolicy" not in resources["Queue"]


def test_a_mapping_is_looked_up_beforehand(resources):
    assert resources["Queue"]["Properties"]["DelaySeconds"] == 2


@pytest.mark.parametrize(
    ("mail", "merge", "missing"),
    [("", "1", {"Mail", "Both"}), ("a@b", "0", {"Both"}), ("a@b", "1", set())],
)
def test_a_resource_whose_condition_is_false_is_not_missed(mail, merge, missing):
    assert trimming.not_asked_for(TEMPLATE, {"Mail": mail, "Merge": merge}) == missing
