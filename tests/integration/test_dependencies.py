"""No resource of the expanded template waits for itself, whatever is chosen."""

import pytest

from tests.models.dependencies import choices, cycle, graph, missing
from tests.models.expanded import WAYS, expanded

#: Each makes `One` and `Two` wait for each other, in a way of its own.
CYCLES = {
    "Ref": {"Properties": {"Deep": [{"Name": {"Ref": "One"}}]}},
    "GetAtt": {"Properties": {"Name": {"Fn::GetAtt": ["One", "Arn"]}}},
    "GetAtt, short": {"Properties": {"Name": {"Fn::GetAtt": "One.Arn"}}},
    "Sub": {"Properties": {"Name": {"Fn::Sub": "a-${One.Arn}"}}},
    "Sub, with names of its own": {
        "Properties": {"Name": {"Fn::Sub": ["${Arn}", {"Arn": {"Ref": "One"}}]}}
    },
    "If": {"Properties": {"Name": {"Fn::If": ["IsSo", {"Ref": "One"}, "none"]}}},
    "DependsOn": {"DependsOn": "One"},
    "DependsOn, several": {"DependsOn": ["Three", "One"]},
    "UpdatePolicy": {"UpdatePolicy": {"CodeDeployLambdaAliasUpdate": {"Group": {"Ref": "One"}}}},
    "DeletionPolicy": {"DeletionPolicy": {"Fn::If": ["IsSo", {"Ref": "One"}, "Delete"]}},
    "Metadata": {"Metadata": {"Of": {"Ref": "One"}}},
}
IS_SO = {"IsSo": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Which"}, ""]}]}}


def made_of(resources, **sections):
    filled = {name: {"Type": "AWS::SNS::Topic", **each} for name, each in resources.items()}
    return {"Conditions": IS_SO, "Resources": filled, **sections}


def cycles(template):
    return [found for truths in choices(template) if (found := cycle(graph(template, truths)))]


@pytest.mark.parametrize("way", WAYS)
def test_nothing_waits_for_itself(way):
    assert cycles(expanded(way)) == []


@pytest.mark.parametrize("way", WAYS)
def test_nothing_refers_to_what_a_condition_leaves_out(way):
    template = expanded(way)

    for truths in choices(template):
        assert missing(graph(template, truths), template) == set(), truths


def test_every_condition_is_tried_both_ways():
    template = expanded()

    for name in template["Conditions"]:
        assert {truths[name] for truths in choices(template)} == {True, False}


@pytest.mark.parametrize("kind", CYCLES)
def test_a_cycle_is_found_however_it_is_closed(kind):
    one = {"Properties": {"Name": {"Ref": "Two"}}}
    template = made_of({"One": one, "Two": CYCLES[kind], "Three": {}})

    assert {*map(frozenset, cycles(template))} == {frozenset({"One", "Two"})}


@pytest.mark.parametrize("text", ["${!One}", "One", "${AWS::Region}"])
def test_what_is_no_reference_closes_none(text):
    one = {"Properties": {"Name": {"Ref": "Two"}}}
    two = {"Properties": {"Name": {"Fn::Sub": text}}}

    assert cycles(made_of({"One": one, "Two": two})) == []


def test_a_cycle_that_conditions_exclude_is_none():
    one = {"Condition": "IsSo", "Properties": {"Name": {"Ref": "Two"}}}
    two = {"Properties": {"Name": {"Fn::If": ["IsSo", "none", {"Ref": "One"}]}}}
    template = made_of({"One": one, "Two": two})

    assert cycles(template) == []
    assert [missing(graph(template, truths), template) for truths in choices(template)] == [
        {"One"},
        set(),
    ]


def test_an_output_of_what_is_left_out_is_found():
    outputs = {"Arn": {"Value": {"Ref": "One"}}}
    template = made_of({"One": {"Condition": "IsSo"}}, Outputs=outputs)

    assert any(missing(graph(template, truths), template) for truths in choices(template))


def test_an_alarm_on_the_api_would_close_the_cycle_of_a_gradual_deploy():
    """The fault that this page is there for: group, alarm, API, alias by its update policy."""
    template = expanded(next(way for way in WAYS if way != "AllAtOnce"))
    group = template["Resources"]["ReceiveFunctionDeploymentGroup"]
    dimensions = [{"Name": "ApiId", "Value": {"Ref": "PublicApi"}}]
    alarm = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Dimensions": dimensions}}
    properties = group["Properties"] | {"AlarmConfiguration": {"Alarms": [{"Ref": "Planted"}]}}
    planted = {
        "Planted": alarm,
        "ReceiveFunctionDeploymentGroup": group | {"Properties": properties},
    }
    with_it = template | {"Resources": template["Resources"] | planted}

    assert {"Planted", "PublicApi", "ReceiveFunctionAliaslive"} <= set(cycles(with_it)[0])
