"""
May the functions do what the template grants them?

What they need is not written down a second time: it is held against the template as it was
deployed. Then IAM is asked whether what is granted is also allowed, since a boundary or a rule of
the organisation can take away what a policy gives.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from calmirror.health import repairs, resources
from calmirror.health.findings import Finding, error, ok
from calmirror.stacks import Stack


def roles(stack: Stack) -> Iterator[Finding]:
    """Look at the role of each function."""
    wanted = _wanted(resources.template(stack))
    iam, wrong = stack.client("iam"), False
    found = resources.of(stack, "AWS::IAM::Role")
    for role in found:
        for said in _missing(iam, role, wanted.get(role.name, {})):
            wrong = True
            yield error("permissions", said, repairs.revert_drift(stack.name))
    if not wrong:
        yield ok("permissions", f"{len(found)} roles may do what the template grants them.")


def _wanted(template: Mapping[str, Any]) -> dict[str, dict[str, Counter[str]]]:
    """Return what the template grants each role: how often each action, by policy."""
    return {
        name: {
            policy["PolicyName"]: _actions(policy["PolicyDocument"])
            for policy in resource["Properties"].get("Policies", [])
            if "PolicyName" in policy
        }
        | {
            str(arn).rsplit("/", 1)[-1]: Counter()
            for arn in resource["Properties"].get("ManagedPolicyArns", [])
        }
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::IAM::Role"
    }


def _missing(
    iam: Any, role: resources.Resource, wanted: Mapping[str, Counter[str]]
) -> Iterator[str]:
    """Say what *role* may not do, or has lost."""
    name = role.physical_id
    try:
        arn = iam.get_role(RoleName=name)["Role"]["Arn"]
    except iam.exceptions.NoSuchEntityException:
        yield f"The role {role.name} is gone: its function cannot run."
        return
    attached = {
        each["PolicyName"]
        for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=name)
        for each in page["AttachedPolicies"]
    }
    for policy, granted in wanted.items():
        if policy in attached:
            continue
        try:
            document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        except iam.exceptions.NoSuchEntityException:
            lost = f": it may not {', '.join(sorted(granted))}" if granted else ""
            yield f"{role.name} has lost its policy {policy}{lost}."
            continue
        lost_actions = granted - _actions(document)
        if lost_actions:
            yield f"{role.name} may not {', '.join(sorted(lost_actions))} any more ({policy})."
        for statement in _statements(document):
            # What depends on a condition only the call itself can meet.
            if "Condition" in statement:
                continue
            actions, on = _listed(statement["Action"]), _listed(statement["Resource"])
            for action in denied(iam, arn, actions, on):
                yield f"{role.name} is denied {action}, although {policy} grants it."


def denied(iam: Any, principal: str, actions: list[str], on: list[str]) -> Iterator[str]:
    """Yield what IAM does not allow *principal*, a user's or role's ARN, *on* these ARNs."""
    try:
        results = iam.simulate_principal_policy(
            PolicySourceArn=principal, ActionNames=actions, ResourceArns=on
        )["EvaluationResults"]
    except ClientError as refusal:
        if refusal.response["Error"]["Code"] == "InvalidInput":
            return  # an action that cannot be simulated on such a resource
        raise
    for result in results:
        if result["EvalDecision"] != "allowed" and not result.get("MissingContextValues"):
            yield str(result["EvalActionName"])


def _actions(document: Mapping[str, Any]) -> Counter[str]:
    return Counter(
        action for statement in _statements(document) for action in _listed(statement["Action"])
    )


def _statements(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = document["Statement"]
    return list(found) if isinstance(found, list) else [found]


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
