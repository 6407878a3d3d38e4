"""Is everything switched on that others rely on: the schedule, and each function?"""

from __future__ import annotations

from collections.abc import Iterator

from calmirror.health import resources
from calmirror.health.findings import Finding, error, ok
from calmirror.stacks import Stack


def schedules(stack: Stack) -> Iterator[Finding]:
    """
    Say whether the schedule calls `reconcile`.

    Source: EventBridge Scheduler user guide, "Changing the schedule state"
    """
    client = stack.client("scheduler")
    found = resources.of(stack, "AWS::Scheduler::Schedule")
    disabled = [
        each for each in found if client.get_schedule(Name=_name(each))["State"] != "ENABLED"
    ]
    for schedule in disabled:
        yield error(
            "schedule",
            f"The schedule {_name(schedule)} is disabled: no account gets its daily full read, and "
            "no channel is checked.",
            "Enable it in EventBridge Scheduler's console, or as docs/operations.md tells: "
            "`aws scheduler update-schedule` sets everything anew, not the state alone.",
        )
    if found and not disabled:
        yield ok("schedule", "The schedule is enabled.")


def concurrency(stack: Stack) -> Iterator[Finding]:
    """
    Say which functions may not run at all.

    Source: Lambda developer guide, "Configuring reserved concurrency for a function"
    """
    client = stack.client("lambda")
    found = resources.of(stack, "AWS::Lambda::Function")
    stopped = [
        each
        for each in found
        if client.get_function_concurrency(FunctionName=each.physical_id).get(
            "ReservedConcurrentExecutions"
        )
        == 0
    ]
    for function in stopped:
        yield error(
            "functions",
            f"{function.name} cannot run: its reserved concurrency is 0.",
            f"`aws lambda delete-function-concurrency --function-name {function.physical_id}`",
        )
    if found and not stopped:
        yield ok("functions", f"{len(found)} functions may run.")


def _name(schedule: resources.Resource) -> str:
    """Return the schedule's name; some know it by its ARN, which ends with its group and name."""
    return schedule.physical_id.rsplit("/", 1)[-1]
