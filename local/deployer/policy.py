"""The least IAM policy that deploys a stack, generated from the template's resource types."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from deployer import schemas
from deployer.left_out import LEFT_OUT
from deployer.scopes import NAMES

#: What the schemas leave out, by resource type.
#: Source: API Gateway developer guide, "Configure logging for HTTP APIs in API Gateway"
_BESIDE = {
    "AWS::ApiGatewayV2::Stage": (
        *("logs:CreateLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery"),
        *("logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy"),
        *("logs:DescribeResourcePolicies", "logs:DescribeLogGroups"),
    ),
}
#: What SAM CLI asks for itself, for `sam deploy` and `sam delete`.
#: Source: SAM CLI, samcli/lib/deploy/deployer.py, lib/package/s3_uploader.py, lib/delete/
_SAM_CLI = (
    *("cloudformation:CreateChangeSet", "cloudformation:DescribeChangeSet"),
    *("cloudformation:ExecuteChangeSet", "cloudformation:ListChangeSets"),
    *("cloudformation:DescribeStacks", "cloudformation:DescribeStackEvents"),
    *("cloudformation:DescribeStackResources", "cloudformation:GetTemplate"),
    *("cloudformation:GetTemplateSummary", "cloudformation:DeleteStack"),
    *("s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:ListBucket"),
)
_PASSED_TO = {
    "AWS::Lambda::Function": "lambda",
    "AWS::Scheduler::Schedule": "scheduler",
    "AWS::CodeDeploy::DeploymentGroup": "codedeploy",
}
_PASS = "iam:PassRole"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stack is. All but the partition may be ``*``; the stack's name may be a beginning."""

    stack: str
    partition: str
    region: str
    account: str
    key: str


def policy_for(templates: Iterable[Mapping[str, Any]], place: Place) -> dict[str, Any]:
    """
    Return the policy for whoever deploys the stack.

    Args:
        templates: the template, expanded in each way that it may be deployed.
    """
    ids = defaultdict(set)
    for template in templates:
        for name, resource in template["Resources"].items():
            ids[resource["Type"]].add(name)
    actions = {action for kind in ids for action in needed(kind)} - {_PASS} | {*_SAM_CLI}
    return {
        "Version": "2012-10-17",
        "Statement": [
            *_by_service(actions, place, ids),
            *_of_the_tool(place),
            _passing(ids, place),
        ],
    }


def _by_service(
    actions: set[str], place: Place, ids: Mapping[str, set[str]]
) -> Iterator[dict[str, Any]]:
    """Yield a statement for each service. An action does nothing on what it is not made for."""
    limited: dict[str, set[str]] = defaultdict(set)
    by_service: dict[str, set[str]] = defaultdict(set)
    for action in actions:
        service = action.split(":")[0]
        if arns := {*_arns(action, place, ids)}:
            limited[service] |= arns
            by_service[service].add(action)
    everywhere = actions - {action for found in by_service.values() for action in found}
    yield _statement(everywhere, ["*"])
    for service in sorted(by_service):
        yield _statement(by_service[service], limited[service])


def needed(kind: str) -> set[str]:
    """Return the actions that a resource type takes, without those that are left out."""
    listed = schemas.actions_for(kind)
    left_out = {action for action in listed if why_left_out(action)}
    return {_spelled(action) for action in listed - left_out} | {*_BESIDE.get(kind, ())}


def why_left_out(action: str) -> str | None:
    """Return the reason why the deployer goes without an action."""
    for reason, patterns in LEFT_OUT.items():
        if any(fnmatchcase(action, pattern) for pattern in patterns):
            return reason
    return None


def _spelled(action: str) -> str:
    """Return an action as the reference writes it; one schema begins it with a small letter."""
    service, name = action.split(":")
    return f"{service}:{name}" if name.isupper() else f"{service}:{name[0].upper()}{name[1:]}"


def _arns(action: str, place: Place, ids: Mapping[str, set[str]]) -> Iterator[str]:
    """Yield to which resources an action is limited; to none where IAM cannot."""
    service, kinds = action.split(":")[0], schemas.arns_of(action)
    found = {
        _filled(form, name, place, logical_id)
        for kind, forms in kinds.items()
        for form in forms
        for name in NAMES.get(f"{service}:{kind}", ())
        for logical_id in (ids["AWS::SecretsManager::Secret"] if "logical_id" in name else {""})
    }
    if kinds and not found:
        raise ValueError(f"scopes.py names none of what {action} is for: {', '.join(kinds)}")
    yield from found


def _filled(form: str, name: str, place: Place, logical_id: str) -> str:
    parts = {"Partition": place.partition, "Region": place.region, "Account": place.account}
    for part, value in parts.items():
        form = form.replace(f"${{{part}}}", value)
    names = {"stack": place.stack, "key": place.key, "logical_id": logical_id}
    return form.replace(".*", name.format(**names))


def _of_the_tool(place: Place) -> Iterator[dict[str, Any]]:
    """What SAM CLI touches that is nobody's stack: its own bucket's, and the transform."""
    here = f"arn:{place.partition}:cloudformation:{place.region}"
    transform = [f"{here}:aws:transform/Serverless-2016-10-31"]
    yield _statement({"cloudformation:CreateChangeSet"}, transform)
    managed = [f"{here}:{place.account}:stack/aws-sam-cli-managed-default/*"]
    yield _statement({"cloudformation:DescribeStacks"}, managed)


def _passing(ids: Mapping[str, set[str]], place: Place) -> dict[str, Any]:
    """The stack's roles may be handed to the services that its resources hand them to."""
    services = [f"{_PASSED_TO[kind]}.amazonaws.com" for kind in sorted(ids.keys() & _PASSED_TO)]
    statement = _statement({_PASS}, _arns(_PASS, place, ids))
    return statement | {"Condition": {"StringEquals": {"iam:PassedToService": services}}}


def _statement(actions: Iterable[str], resources: Iterable[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": sorted(actions), "Resource": sorted(resources)}
