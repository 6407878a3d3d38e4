"""Whether a stack is deployed, whole and switched on, as `calmirror doctor` sees it."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from calmirror.health import deployment
from calmirror.health.findings import Level

OUTPUTS = dict.fromkeys(deployment.OUTPUTS, "x")


def made(*, status="UPDATE_COMPLETE", outputs=None, resources=(), **answers):
    """A stack, and what each AWS client answers to whatever it is asked."""

    def client(service):
        if service == "cloudformation":
            rows = [
                {"LogicalResourceId": name, "ResourceType": kind, "PhysicalResourceId": physical}
                for name, kind, physical in resources
            ]
            return SimpleNamespace(
                describe_stacks=lambda **_: {"Stacks": [{"StackStatus": status}]},
                get_paginator=lambda _: SimpleNamespace(
                    paginate=lambda **_: [{"StackResourceSummaries": rows}]
                ),
            )
        return SimpleNamespace(**answers)

    given = {"outputs": outputs or OUTPUTS, "endpoint": None}
    return SimpleNamespace(name="mirror", client=client, **given)


@pytest.mark.parametrize(
    ("status", "level"),
    [
        ("CREATE_COMPLETE", Level.OK),
        ("UPDATE_COMPLETE", Level.OK),
        ("UPDATE_IN_PROGRESS", Level.WARNING),
        ("UPDATE_ROLLBACK_COMPLETE", Level.WARNING),
        ("UPDATE_ROLLBACK_FAILED", Level.WARNING),
    ],
)
def test_how_the_last_deploy_ended_is_told(status, level):
    (found,) = deployment.state(made(status=status))

    assert found.level is level
    assert status in found.said


def test_a_stack_that_lacks_outputs_is_not_whole():
    outputs = {name: "x" for name in OUTPUTS if name != "BudgetTableName"}

    (found,) = deployment.state(made(outputs=outputs))

    assert found.level is Level.ERROR
    assert "no output BudgetTableName" in found.said
    assert "sam deploy" in found.what_to_do


MAPPING = ("SyncFunctionSyncQueue", "AWS::Lambda::EventSourceMapping", "uuid-1")


@pytest.mark.parametrize(
    ("state", "level"), [("Enabled", Level.OK), ("Updating", Level.OK), ("Disabled", Level.ERROR)]
)
def test_a_trigger_that_is_switched_off_is_named(state, level):
    stack = made(resources=[MAPPING], get_event_source_mapping=lambda UUID: {"State": state})  # noqa: N803

    (found,) = deployment.triggers(stack)

    assert found.level is level
    if level is Level.ERROR:
        assert "SyncFunctionSyncQueue is Disabled" in found.said
        assert "--enabled --uuid uuid-1" in found.what_to_do


ALARM = ("StaleAlarm", "AWS::CloudWatch::Alarm", "mirror-stale")


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ringing(*alarms, silent=()):
    def describe_alarms(AlarmNames, StateValue):  # noqa: N803
        assert AlarmNames == ["mirror-stale"]
        return {
            "MetricAlarms": {"ALARM": list(alarms), "INSUFFICIENT_DATA": list(silent)}[StateValue]
        }

    return made(resources=[ALARM], describe_alarms=describe_alarms)


def test_an_alarm_that_rings_is_told_with_its_runbook():
    alarm = {
        "AlarmName": "mirror-stale",
        "StateReason": "Threshold Crossed",
        "AlarmDescription": "See docs/runbooks/stale.md",
    }

    (found,) = deployment.alarms(ringing(alarm), NOW)

    assert found.level is Level.WARNING
    assert found.said == "mirror-stale is in ALARM: Threshold Crossed"
    assert found.what_to_do == "See docs/runbooks/stale.md"


def test_alarms_that_are_quiet_are_counted_and_a_stack_without_any_has_nothing_to_tell():
    (found,) = deployment.alarms(ringing(), NOW)

    assert (found.level, found.said) == (Level.OK, "No alarm is active (1).")
    assert list(deployment.alarms(made(), NOW)) == []


@pytest.mark.parametrize(
    ("minutes", "actions", "is_told"),
    [(90, ["topic"], True), (30, ["topic"], False), (90, [], False)],
)
def test_an_alarm_that_tells_of_missing_data_is_told_once_it_has_waited_for_an_hour(
    minutes, actions, is_told
):
    alarm = {
        "AlarmName": "mirror-clock",
        "StateReason": "Insufficient Data: 2 datapoints were unknown.",
        "AlarmDescription": "See docs/runbooks/clock.md",
        "StateUpdatedTimestamp": NOW - timedelta(minutes=minutes),
        "InsufficientDataActions": actions,
    }

    (found,) = deployment.alarms(ringing(silent=[alarm]), NOW)

    assert (found.level is Level.WARNING) == is_told
    assert ("mirror-clock has no data" in found.said) == is_told
