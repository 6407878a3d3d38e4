"""What others need to know about a running stack: `stack.json`."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Stack:
    aws_endpoint_url: str
    region: str
    stack_name: str
    notifications_url: str
    """With `{account_id}` still in it."""
    cronofy_api_url: str
    console_url: str
    client_id: str
    client_secret: str
    aws_access_key_id: str
    aws_secret_access_key: str
    outputs: dict[str, str]
    """The outputs of the CloudFormation stack."""
    logs: str
    """The directory with the output of each process."""

    def write(self, file: Path) -> None:
        new = file.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(json.dumps(asdict(self), indent=2) + "\n")
        new.rename(file)


def read(file: Path) -> Stack:
    """Raises OSError, ValueError or KeyError where there is no stack file, or not one of ours."""
    document = json.loads(file.read_text())
    return Stack(**{field.name: document[field.name] for field in fields(Stack)})
