"""What a stack is made of, as CloudFormation knows it."""

from __future__ import annotations

from collections.abc import Iterator
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


def of(stack: Stack, kind: str) -> Iterator[Resource]:
    """Yield the resources of one kind."""
    pages = stack.client("cloudformation").get_paginator("list_stack_resources")
    for page in pages.paginate(StackName=stack.name):
        for each in page["StackResourceSummaries"]:
            if each["ResourceType"] == kind and each.get("PhysicalResourceId"):
                yield Resource(each["LogicalResourceId"], kind, each["PhysicalResourceId"])


def described(stack: Stack) -> Any:
    """Return what CloudFormation says of the stack itself."""
    return stack.client("cloudformation").describe_stacks(StackName=stack.name)["Stacks"][0]
