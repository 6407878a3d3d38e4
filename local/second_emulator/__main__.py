"""`python -m second_emulator`: deploys to LocalStack what it can, and says what it could not."""

import json
import os
import random
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import WaiterError

import toolchain.__main__ as tools
from deployer import expansion
from local_stack import aws, ports
from second_emulator import localstack, trimming
from toolchain import interpreters
from toolchain.environments import ENVIRONMENTS

ROOT = Path(__file__).resolve().parents[2]
STACK, BUCKET = "second-opinion", "second-opinion"
#: After so many stacks with a resource that it refuses, the rest is not tried.
_ROUNDS = 12
#: Of a type that it does not know, LocalStack says that it was created, with this in the reason.
_PRETENDED = "deployed as a fallback"
_NEEDS = """\
LocalStack needs Python 3.13 (with venv; on PATH, or pyenv's or uv's), Linux, and 340 MB
for its packages. Debian: apt-get install python3.13 python3.13-venv; pyenv: pyenv install 3.13."""


def main() -> int:
    environment = ENVIRONMENTS["localstack"]
    version = environment.prefers or ""
    os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", ""), *_elsewhere(version)])
    if sys.platform != "linux" or not interpreters.find(version, os.environ["PATH"]):
        print(_NEEDS, file=sys.stderr)
        return 2
    if tools.main([environment.name]) != 0:
        return 1
    directory = ROOT / ".local" / "second-emulator"
    parameters = expansion.defaults(ROOT / "template.yaml") | {
        "CronofyClientId": "client",
        "CronofyClientSecret": "secret",
    }
    sam = ENVIRONMENTS["sam"].python(ROOT)
    template = expansion.expand(sam, ROOT / "template.yaml", parameters)
    port = ports.choose("localstack", directory / "ports.json", random.Random())
    try:
        with localstack.running(environment.python(ROOT), port, directory) as endpoint:
            created, left_out = judge(endpoint, template, parameters)
    except localstack.NotStartedError as error:
        print(error, file=sys.stderr)
        return 1
    report(template, created, left_out, directory / "report.json")
    return 0


def _elsewhere(version: str) -> list[str]:
    """Return where version managers keep an interpreter that is not on PATH itself."""
    home = Path.home()
    places = {
        Path(os.environ.get("PYENV_ROOT", home / ".pyenv")) / "versions": f"{version}*/bin",
        home / ".local" / "share" / "uv" / "python": f"cpython-{version}*/bin",
    }
    return [str(found) for place, form in places.items() for found in sorted(place.glob(form))]


def judge(
    endpoint: str, template: dict[str, Any], parameters: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """
    Deploy what can be deployed; return the types created, and the reasons for what was left out, by
    logical id. What is refused is left out of the next stack.
    """
    left_out = {
        name: why
        for name, resource in template["Resources"].items()
        if (why := trimming.why_unable(resource))
    }
    left_out |= dict.fromkeys(
        trimming.not_asked_for(template, parameters), "not created with the defaults"
    )
    for _ in range(_ROUNDS):
        trimmed = trimming.trimmed(template, left_out, parameters)
        created, refused = deploy(endpoint, trimmed, parameters)
        if not refused:
            unknown = set(trimmed["Resources"]) - set(created)
            return created, left_out | dict.fromkeys(unknown, "unknown to LocalStack")
        left_out |= {name: f"refused: {why}" for name, why in refused.items()}
    raise SystemExit(f"No stack in {_ROUNDS} attempts; refused so far: {left_out}")


def deploy(
    endpoint: str, template: Mapping[str, Any], parameters: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the resources of a stack that came to be, or those that kept it from that."""
    s3, cloudformation = aws.client("s3", endpoint), aws.client("cloudformation", endpoint)
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="template.json", Body=json.dumps(template).encode())
    wanted = template.get("Parameters", {})
    cloudformation.create_stack(
        StackName=STACK,
        TemplateURL=f"{endpoint}/{BUCKET}/template.json",
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value}
            for name, value in parameters.items()
            if name in wanted
        ],
    )
    try:
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 180}
        )
    except WaiterError:
        refused = _refused(cloudformation)
        cloudformation.delete_stack(StackName=STACK)
        cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
        return {}, refused
    found = cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
    return {
        each["LogicalResourceId"]: each["ResourceType"]
        for each in found
        if _PRETENDED not in each.get("ResourceStatusReason", "")
    }, {}


def _refused(cloudformation: Any) -> dict[str, str]:
    events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    refused = {
        each["LogicalResourceId"]: each.get("ResourceStatusReason", "no reason given")
        for each in events
        if each["ResourceStatus"] == "CREATE_FAILED" and each["LogicalResourceId"] != STACK
    }
    if not refused:
        why = [each.get("ResourceStatusReason", "") for each in events]
        raise SystemExit(f"LocalStack refused the stack as a whole: {' '.join(filter(None, why))}")
    return refused


def report(
    template: Mapping[str, Any],
    created: Mapping[str, str],
    left_out: Mapping[str, str],
    file: Path,
) -> None:
    """Print what became of each resource, and write it down."""
    kinds = {name: resource["Type"] for name, resource in template["Resources"].items()}
    print(f"{len(created)} of {len(kinds)} resources of the transformed template were created:")
    for kind, number in sorted(Counter(created.values()).items()):
        print(f"  {number:3}  {kind}")
    print(f"{len(left_out)} were left out:")
    reasons = Counter((kinds[name], why) for name, why in left_out.items())
    for (kind, why), number in sorted(reasons.items()):
        print(f"  {number:3}  {kind}: {why}")
    file.write_text(json.dumps({"created": dict(created), "left_out": dict(left_out)}, indent=2))
    print(f"By name: {file.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
