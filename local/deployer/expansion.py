"""The template as AWS expands it: what CloudFormation gets to see after SAM's transform."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

#: Runs where the translator is. The code counts as uploaded already.
_EXPAND = """
import json, sys
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

class NoPolicies:
    def load(self):
        return {}

file, given, layer, code = sys.argv[1:]
template = yaml_parse(open(file).read())
for resource in template["Resources"].values():
    if resource["Type"] == "AWS::Serverless::Function":
        resource["Properties"]["CodeUri"] = f"s3://bucket/{code}"
    if resource["Type"] == "AWS::Serverless::LayerVersion":
        resource["Properties"]["ContentUri"] = f"s3://bucket/{layer}"
print(json.dumps(transform(template, json.loads(given), NoPolicies())))
"""


def expand(
    python: Path,
    template: Path,
    parameters: Mapping[str, str],
    *,
    layer: str = "layer",
    code: str = "code",
) -> Any:
    """
    Return the expanded template.

    Args:
        python: an interpreter that has `samtranslator`.
        layer, code: the keys under which they were uploaded.
    """
    done = subprocess.run(
        [python, "-c", _EXPAND, template, json.dumps(dict(parameters)), layer, code],
        env={"AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ValueError(f"{template} cannot be expanded: {done.stderr}")
    return json.loads(done.stdout)


def defaults(template: Path) -> dict[str, str]:
    """Return the parameters' defaults."""
    described = yaml.load(template.read_text(), _AnyTag)["Parameters"]  # noqa: S506
    return {name: str(each["Default"]) for name, each in described.items() if "Default" in each}


class _AnyTag(yaml.SafeLoader):
    """Passes over CloudFormation's short forms: there are none among the parameters."""


_AnyTag.add_multi_constructor("!", lambda loader, suffix, node: None)
