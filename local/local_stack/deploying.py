"""`sam deploy` to the local AWS, as a user deploys to AWS."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from deployer.expansion import defaults
from local_stack import aws, commands, processes, surroundings
from local_stack.locations import Locations
from local_stack.provider import LOCAL_LINK_KEY

STACK_NAME = "calendar-mirror"
API_ID_TAG = "ms-custom-id"
"""MiniStack takes an API's id from this tag, so that its address is known before it exists: the
stack's name."""
BUCKET = "calendar-mirror-artifacts"
NOT_IN_MINISTACK = {"SavedQueries": "no"}
"""Parameters that leave out what it does not know: `AWS::Logs::QueryDefinition`."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """What decides how a stack turns out; equal ones need no second deploy."""

    fingerprint: str
    parameters: dict[str, str]

    def write(self, file: Path) -> None:
        file.touch(mode=0o600)
        file.write_text(json.dumps(asdict(self)))

    def is_in(self, file: Path) -> bool:
        try:
            return bool(json.loads(file.read_text()) == asdict(self))
        except (OSError, ValueError):
            return False


def deploy(
    locations: Locations,
    template: Path,
    parameters: Mapping[str, str],
    endpoint: str,
    environ: Mapping[str, str],
) -> dict[str, str]:
    """The outputs of the stack, which is new or brought up to date."""
    aws.client("s3", endpoint).create_bucket(Bucket=BUCKET)
    settings = locations.state / "samconfig.toml"
    settings.touch(mode=0o600)
    # Without the defaults an update would keep the values that the stack was given before.
    settings.write_text(sam_settings(defaults(template) | dict(parameters)))
    commands.run(
        processes.sam_deploy(locations),
        [
            *(locations.tool("sam", "sam"), "deploy", "--config-file", settings),
            *("--template-file", template),
        ],
        environ=surroundings.for_sam(environ, locations) | {"AWS_ENDPOINT_URL": endpoint},
        directory=locations.project,
        advice=(
            "Mend what its output names, then type the same command again."
            f" What the local AWS says to it: {locations.log('ministack')}"
        ),
    )
    return outputs(STACK_NAME, endpoint)


def accept_sample_links(endpoint: str) -> None:
    """Adds the samples' key to those that sign connect links, as a rotation would."""
    secrets, secret = (
        aws.client("secretsmanager", endpoint),
        outputs(STACK_NAME, endpoint)["LinkKeysArn"],
    )
    keys = secrets.get_secret_value(SecretId=secret)["SecretString"].split(",")
    if LOCAL_LINK_KEY not in keys:
        text = ",".join([*keys, LOCAL_LINK_KEY])
        secrets.put_secret_value(SecretId=secret, SecretString=text)


def public_url(stack_name: str, endpoint: str) -> str:
    """Under which a stack's API answers; no slash at the end."""
    return f"{endpoint}/_aws/execute-api/{stack_name}"


def outputs(stack_name: str, endpoint: str) -> dict[str, str]:
    answer = aws.client("cloudformation", endpoint).describe_stacks(StackName=stack_name)
    return {
        output["OutputKey"]: output["OutputValue"]
        for output in answer["Stacks"][0].get("Outputs", [])
    }


def sam_settings(parameters: Mapping[str, str]) -> str:
    """A file, and not the command line, where every user of the machine could read the secret."""
    overrides = [f"{name}={json.dumps(value)}" for name, value in parameters.items()]
    values = {
        "stack_name": STACK_NAME,
        "region": surroundings.REGION,
        "s3_bucket": BUCKET,
        "capabilities": "CAPABILITY_IAM",
        "confirm_changeset": False,
        "fail_on_empty_changeset": False,
        "tags": f"{API_ID_TAG}={STACK_NAME}",
        "parameter_overrides": overrides,
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    return "\n".join(["version = 0.1", "[default.deploy.parameters]", *lines, ""])
