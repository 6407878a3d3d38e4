"""
What CloudFormation and IAM say, as cfn-lint brings it: which actions CloudFormation takes for a
resource of some type, and what kinds of resources an action can be limited to.

Source: the resource types' schemas (`handlers.*.permissions`), and the Service Authorization
Reference.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import cfnlint

_DATA = Path(cfnlint.__file__).parent / "data"
_REGION = "us-east-1"
#: What a deploy does to a resource; listing all of an account is not among it.
_HANDLERS = ("create", "read", "update", "delete")


def schema(kind: str) -> Any:
    """Return the schema of a resource type."""
    schemas = _DATA / "schemas"
    name = json.loads((schemas / "providers" / f"{_REGION}.json").read_text())[kind]
    return json.loads((schemas / "resources" / f"{name}.json").read_text())


def actions_for(kind: str) -> set[str]:
    """Return the actions that CloudFormation takes for a resource of a type, by its schema."""
    handlers = schema(kind).get("handlers")
    if not handlers:
        raise ValueError(f"the schema of {kind} does not say which permissions it takes")
    return {
        action for name in _HANDLERS for action in handlers.get(name, {}).get("permissions", ())
    }


def is_action(action: str) -> bool:
    """Say whether IAM knows an action: some schemas name others as well."""
    service, name = action.lower().split(":")
    return name in _reference().get(service, {}).get("Actions", {})


def arns_of(action: str) -> dict[str, tuple[str, ...]]:
    """Return the kinds of resources that an action can be limited to, with the form of an ARN."""
    service, name = action.lower().split(":")
    found = _reference()[service]
    kinds = found["Actions"][name].get("Resources", [])
    return {
        kind: tuple(found["Resources"].get(kind, {}).get("ARNFormats", ()))
        for kind in map(str.lower, kinds)
    }


@cache
def _reference() -> Any:
    return json.loads((_DATA / "AdditionalSpecs" / "Policies.json").read_text())
