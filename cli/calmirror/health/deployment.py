"""Is the stack deployed, whole, and switched on?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from calmirror.health import resources
from calmirror.health.findings import Finding, error, ok, warning
from calmirror.stacks import Stack

#: A new alarm has its data by then: the longest period is an hour.
_NO_DATA = timedelta(hours=1)
#: Outputs that commands, and users, rely on.
OUTPUTS = (
    *("NotificationsUrl", "ConnectUrl", "EventsTableName", "AccountsTableName", "SyncQueueUrl"),
    *("DeadLetterQueueUrl", "ChangeBusName", "ClientSecretsArn", "LinkKeysArn"),
    *("InitialCredentialsArn", "ErasuresTableName", "BudgetTableName"),
)


def credentials(stack: Stack) -> Iterator[Finding]:
    """Say as whom we ask."""
    who = stack.client("sts").get_caller_identity()
    where = stack.endpoint or stack.session.region_name
    yield ok("credentials", f"{who['Arn']}, in {where}")


def state(stack: Stack) -> Iterator[Finding]:
    """Say how the last deploy ended, and whether this command knows the stack's template."""
    status = resources.described(stack)["StackStatus"]
    missing = [name for name in OUTPUTS if name not in stack.outputs]
    if status.endswith("_IN_PROGRESS"):
        yield warning("stack", f"{stack.name}: {status}", "Wait until the deploy has ended.")
    elif "FAILED" in status or "ROLLBACK" in status:
        yield warning(
            "stack",
            f"{stack.name}: {status}: the last deploy failed, and was taken back.",
            "Its events in CloudFormation's console say why; then `sam deploy` again.",
        )
    elif not missing:
        yield ok("stack", f"{stack.name}: {status}")
    if missing:
        yield error(
            "stack",
            f"{stack.name} has no output {', '.join(missing)}.",
            "It is older than this command, or no Calendar Mirror: `sam build && sam deploy`.",
        )


def triggers(stack: Stack) -> Iterator[Finding]:
    """Say whether the functions that others call are called: by the queue, and by the stream."""
    client = stack.client("lambda")
    stopped = []
    for mapping in resources.of(stack, "AWS::Lambda::EventSourceMapping"):
        found = client.get_event_source_mapping(UUID=mapping.physical_id)
        if found["State"] not in ("Enabled", "Enabling", "Updating", "Creating"):
            stopped.append(f"{mapping.name} is {found['State']}")
            again = f"aws lambda update-event-source-mapping --enabled --uuid {mapping.physical_id}"
            yield error("triggers", f"{stopped[-1]}: its function gets no work.", f"`{again}`")
    if not stopped:
        yield ok("triggers", "The queue and the stream hand over their work.")


def alarms(stack: Stack, now: datetime) -> Iterator[Finding]:
    """
    Say which of the stack's alarms are active now, and which of those that tell of missing data
    wait for it in vain. A local AWS measures nothing.
    """
    names = [each.physical_id for each in resources.of(stack, "AWS::CloudWatch::Alarm")]
    if not names:
        return
    active = _in_state(stack, names, "ALARM")
    unmeasured = _in_state(stack, names, "INSUFFICIENT_DATA") if stack.endpoint is None else []
    silent = [
        each
        for each in unmeasured
        if each.get("InsufficientDataActions") and now - each["StateUpdatedTimestamp"] > _NO_DATA
    ]
    for alarm in active:
        yield _active(alarm, f"is in ALARM: {alarm['StateReason']}")
    for alarm in silent:
        yield _active(alarm, f"has no data: {alarm['StateReason']}")
    if not active and not silent:
        yield ok("alarms", f"No alarm is active ({len(names)}).")


def _in_state(stack: Stack, names: Sequence[str], state: str) -> list[dict[str, Any]]:
    client, found = stack.client("cloudwatch"), []
    for start in range(0, len(names), 100):
        answer = client.describe_alarms(AlarmNames=names[start : start + 100], StateValue=state)
        found += answer["MetricAlarms"]
    return found


def _active(alarm: Mapping[str, Any], said: str) -> Finding:
    runbook = alarm.get("AlarmDescription") or "Its runbook is in docs/runbooks."
    return warning("alarms", f"{alarm['AlarmName']} {said}", runbook)
