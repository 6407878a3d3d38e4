"""The template as AWS expands it: what CloudFormation gets to see after SAM's transform."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
