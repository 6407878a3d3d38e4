"""What SAM makes of the template: plain CloudFormation, as AWS would get to see it."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

#: SAM's translator is in SAM CLI's environment. It wants to know where the packed code lies.
_TRANSLATE = """
import json, sys
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

class Policies:
    def load(self):
        return {}

source = yaml_parse(open(sys.argv[1]).read())
for resource in source["Resources"].values():
    for name in {"CodeUri", "ContentUri"} & set(resource.get("Properties", ())):
        resource["Properties"][name] = "s3://bucket/key"
print(json.dumps(transform(source, json.loads(sys.argv[2]), Policies())))
"""


def transformed(python: Path, template: Path, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return the template as CloudFormation, with its parameters still in it."""
    done = subprocess.run(
        [python, "-I", "-c", _TRANSLATE, template, json.dumps(dict(parameters))],
        env={"AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,  # it warns of its own feature toggles
        text=True,
    )
    if done.returncode != 0:
        raise ValueError(f"SAM does not understand the template: {done.stderr}")
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def defaults(template: Path) -> dict[str, str]:
    """Return the parameters' defaults."""
    described = yaml.load(template.read_text(), _AnyTag)["Parameters"]  # noqa: S506
    return {name: str(each["Default"]) for name, each in described.items() if "Default" in each}


class _AnyTag(yaml.SafeLoader):
    """Passes over CloudFormation's short forms: there are none among the parameters."""


_AnyTag.add_multi_constructor("!", lambda loader, suffix, node: None)
