"""The template's dashboard, read: its widgets, and which metrics each of them shows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

#: What the names of the template stand for here; any other stands for itself.
STACK, REGION = "a-stack", "us-east-1"
_STANDS_FOR = {"AWS::StackName": STACK, "AWS::Region": REGION}


class Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as {"Ref": …} and {"Fn::…": …}."""


def _short_form(loader: Loader, suffix: str, node: yaml.Node) -> Any:
    value: Any = None
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix == "Ref" else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", _short_form)


@dataclass(frozen=True, slots=True)
class Metric:
    """
    One metric, as CloudWatch tells them apart.

    Attributes:
        dimensions: sorted pairs of name and value.
    """

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]


def read(template: Path) -> Any:
    """Read a template."""
    return yaml.load(template.read_text(), Loader)  # noqa: S506


def resolved(value: Any) -> Any:
    """Return what a value of the template stands for: the logical id of what it refers to."""
    if not isinstance(value, dict):
        return value
    ((kind, name),) = value.items()
    return _STANDS_FOR.get(name, name.partition(".")[0]) if kind != "Fn::Sub" else _sub(name)


def _sub(text: str) -> str:
    return re.sub(r"\$\{([^}]+)\}", lambda found: str(resolved({"Ref": found[1]})), text)


def body(template: Mapping[str, Any]) -> Any:
    """Return the body of the template's dashboard."""
    (dashboard,) = (
        each
        for each in template["Resources"].values()
        if each["Type"] == "AWS::CloudWatch::Dashboard"
    )
    return json.loads(resolved(dashboard["Properties"]["DashboardBody"]))


def shown(widget: Mapping[str, Any]) -> Iterator[tuple[Metric, Mapping[str, Any]]]:
    """
    Yield the metrics of a widget with how each is shown, ``.`` written out.

    Source: CloudWatch API reference, "Dashboard Body Structure and Syntax"
    """
    before: list[str] = []
    for entry in widget["properties"]["metrics"]:
        *names, how = entry if isinstance(entry[-1], dict) else [*entry, {}]
        if not names:
            raise ValueError(f"this is no line of one metric: {how}")
        before = [before[at] if each == "." else each for at, each in enumerate(names)]
        pairs = zip(before[2::2], before[3::2], strict=True)
        yield Metric(before[0], before[1], tuple(sorted(pairs))), how
