"""How a release takes over: what SAM makes of the template, and whether alarms ring in time."""

import re
from datetime import timedelta

import pytest

from tests.models.expanded import AT_ONCE, WAYS, expanded, of
from tests.models.template import RESOURCES, TEMPLATE, alarms, of_type

GRADUAL = {"ReceiveFunction", "SyncFunction", "PublishFunction"}
ALARMS = {alarm.name: alarm for alarm in alarms()}


def lasts(way):
    """Return how long the release before still takes part. Source: CodeDeploy user guide."""
    canary, minutes = re.fullmatch(r"(Canary|Linear)10Percent(?:Every)?(\d+)Minutes", way).groups()
    return timedelta(minutes=int(minutes)) * (1 if canary == "Canary" else 9)


def test_at_once_needs_nothing_but_lambda():
    resources = expanded(AT_ONCE)

    assert not [each for each in resources["Resources"].values() if "CodeDeploy" in each["Type"]]
    for alias in of(resources, "AWS::Lambda::Alias").values():
        assert "UpdatePolicy" not in alias


@pytest.mark.parametrize("way", [each for each in WAYS if each != AT_ONCE])
def test_step_by_step_each_function_goes_back_when_an_alarm_of_its_own_rings(way):
    resources = expanded(way)
    groups = of(resources, "AWS::CodeDeploy::DeploymentGroup")

    assert {name.removesuffix("DeploymentGroup") for name in groups} == GRADUAL
    for group in groups.values():
        properties = group["Properties"]
        assert way in str(properties["DeploymentConfigName"])
        assert properties["AlarmConfiguration"]["Enabled"] is True
        assert "DEPLOYMENT_STOP_ON_ALARM" in properties["AutoRollbackConfiguration"]["Events"]
        assert {each["Name"]["Ref"] for each in properties["AlarmConfiguration"]["Alarms"]} <= (
            ALARMS.keys()
        )


@pytest.mark.parametrize("name", sorted(GRADUAL))
def test_its_alarms_can_ring_while_the_release_before_is_still_there(name):
    preference = RESOURCES[name]["Properties"]["DeploymentPreference"]

    for alarm in (ALARMS[each["Ref"]] for each in preference["Alarms"]):
        takes = timedelta(seconds=alarm.datapoints_to_alarm * alarm.period)
        for way in WAYS:
            assert way == AT_ONCE or takes + timedelta(minutes=5) <= lasts(way)


def test_each_way_is_on_but_the_one_that_is_at_once():
    assert {
        way: each["Enabled"] for way, each in TEMPLATE["Mappings"]["ShiftsTraffic"].items()
    } == {way: way != AT_ONCE for way in WAYS}


def test_what_is_asked_at_the_alias_is_all_that_reaches_a_function():
    resources = expanded(AT_ONCE)
    aliases = {f"{name}Aliaslive" for name in GRADUAL}

    assert of(resources, "AWS::Lambda::Alias").keys() == aliases
    for mapping in of(resources, "AWS::Lambda::EventSourceMapping").values():
        assert mapping["Properties"]["FunctionName"]["Ref"] in aliases
    (api,) = of(resources, "AWS::ApiGatewayV2::Api").values()
    called = re.findall(r"\$\{(\w+Function\w*)", str(api["Properties"]["Body"]))
    assert {*called} == {"ReceiveFunctionAliaslive", "ConnectFunction"}
    (clock,) = of(resources, "AWS::Scheduler::Schedule").values()
    assert clock["Properties"]["Target"]["Arn"] == {"Fn::GetAtt": ["ReconcileFunction", "Arn"]}


@pytest.mark.parametrize("change", [{"layer": "two"}, {"code": "two"}])
def test_a_release_of_the_layer_or_of_the_doors_is_a_new_version_of_each_function(change):
    before = of(expanded(AT_ONCE), "AWS::Lambda::Version")
    after = of(expanded(AT_ONCE, **change), "AWS::Lambda::Version")

    assert len(before) == len(after) == len(GRADUAL)
    assert not before.keys() & after.keys()
    assert of(expanded(AT_ONCE), "AWS::Lambda::Version").keys() == before.keys()


def test_nothing_that_holds_data_goes_with_the_stack():
    kept = {n for n, r in of_type("AWS::DynamoDB::Table").items() if "DeletionPolicy" in r}

    assert kept == {"EventsTable", "AccountsTable", "ErasuresTable"}
