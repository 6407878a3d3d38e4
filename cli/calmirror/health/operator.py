"""May whoever runs the command do what its other commands take?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from calmirror.health import permissions
from calmirror.health.findings import Finding, ok, warning
from calmirror.stacks import Stack

#: What commands do, beyond looking, and which of them.
_TABLE = ("dynamodb:GetItem", "dynamodb:UpdateItem")
_NEEDED: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("SyncQueueUrl", ("sqs:SendMessage",), "sync, erase, resume, channels check --repair"),
    (
        "DeadLetterQueueUrl",
        ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"),
        "dlq",
    ),
    ("AccountsTableName", (*_TABLE, "dynamodb:Scan"), "accounts, pause, resume, verify"),
    ("EventsTableName", ("dynamodb:Query",), "events, explain, verify"),
    ("BudgetTableName", ("dynamodb:UpdateItem",), "verify, channels, explain"),
    (
        "ClientSecretsArn",
        ("secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"),
        "verify, channels, notify, data-center",
    ),
    ("InitialCredentialsArn", ("secretsmanager:GetSecretValue",), "verify, channels, notify"),
)


def own(stack: Stack) -> Iterator[Finding]:
    """Ask IAM what the caller may do; of the root user there is nothing to ask."""
    iam, who = stack.client("iam"), stack.client("sts").get_caller_identity()["Arn"]
    principal = _principal(iam, who)
    if principal is None:
        yield ok("operator", f"{who} may do everything.")
        return
    region, account = stack.session.region_name, who.split(":")[4]
    partition = who.split(":")[1]
    lacking = False
    for output, actions, commands in _NEEDED:
        arn = _arn(stack.output(output), output, f"arn:{partition}", f"{region}:{account}")
        denied = [*permissions.denied(iam, principal, list(actions), [arn])]
        if denied:
            lacking = True
            yield warning(
                "operator",
                f"You may not {', '.join(denied)} on {arn}, which takes: {commands}.",
                "Have it granted, or use other credentials (--profile).",
            )
    if not lacking:
        yield ok("operator", f"{principal} may do what the commands take.")


def _principal(iam: Any, who: str) -> str | None:
    """Return the user or role that IAM knows *who* by; ``None``: the root user."""
    kind, _, rest = who.rsplit(":", 1)[-1].partition("/")
    if kind == "root":
        return None
    if kind != "assumed-role":
        return who
    # The session's ARN leaves out the path of its role.
    arn: str = iam.get_role(RoleName=rest.partition("/")[0])["Role"]["Arn"]
    return arn


def _arn(value: str, output: str, aws: str, where: str) -> str:
    if output.endswith("Arn"):
        return value
    if output.endswith("QueueUrl"):
        return f"{aws}:sqs:{where}:{value.rsplit('/', 1)[-1]}"
    return f"{aws}:dynamodb:{where}:table/{value}"
