"""What a stack is made of, as CloudFormation knows it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from calmirror.stacks import Stack


@dataclass(frozen=True, slots=True)
class Resource:
    """
    Attributes:
        name: in the template.
        kind: for example ``AWS::IAM::Role``.
        physical_id: how its service calls it.
    """

    name: str
    kind: str
    physical_id: str


def by_kind(stack: Stack) -> Mapping[str, list[Resource]]:
    """Return all resources, those of a kind together; none of a kind is an empty list."""
    found: dict[str, list[Resource]] = defaultdict(list)
    pages = stack.client("cloudformation").get_paginator("list_stack_resources")
    for page in pages.paginate(StackName=stack.name):
        for each in page["StackResourceSummaries"]:
            if physical_id := each.get("PhysicalResourceId"):
                kind = each["ResourceType"]
                found[kind].append(Resource(each["LogicalResourceId"], kind, physical_id))
    return found


def of(stack: Stack, kind: str) -> list[Resource]:
    """Return the resources of one kind."""
    return by_kind(stack)[kind]


def template(stack: Stack) -> Any:
    """Return the template as it was deployed, SAM's transform included."""
    body = stack.client("cloudformation").get_template(
        StackName=stack.name, TemplateStage="Processed"
    )["TemplateBody"]
    return body if isinstance(body, Mapping) else json.loads(body)


def described(stack: Stack) -> Any:
    """Return what CloudFormation says of the stack itself."""
    return stack.client("cloudformation").describe_stacks(StackName=stack.name)["Stacks"][0]
