"""A deploy that changes parameters alone: what callers reach runs with the new values."""

from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from local_stack import aws
from local_stack.stack import Stack

RunLocalStack = Callable[..., CompletedProcess[str]]

#: By parameter: a value that is not the stack's own, and which variable of which function takes it.
CHANGED = {
    "MergeSeconds": ("5", "Receive", "MERGE_SECONDS"),
    "OverlapSeconds": ("77", "Sync", "OVERLAP_SECONDS"),
    "CronofyCallsPerMinute": ("300", "Sync", "CALLS_PER_MINUTE"),
    "CronofyScope": ("read_free_busy", "Connect", "CRONOFY_SCOPE"),
    "ReturnToOrigins": ("https://app.example.com", "Connect", "RETURN_TO_ORIGINS"),
}
#: Whose callers go through the alias `live`.
ALIASED = ("Receive", "Sync", "Publish")


def running(stack: Stack) -> dict[str, Any]:
    """Return by function the configuration that its callers reach."""
    client = aws.client("lambda", stack.aws_endpoint_url)
    pages = client.get_paginator("list_functions").paginate()
    names = [each["FunctionName"] for page in pages for each in page["Functions"]]
    found = {}
    for name in (*ALIASED, "Connect"):
        (full_name,) = [each for each in names if f"-{name}Function-" in each]
        qualifier = {"Qualifier": "live"} if name in ALIASED else {}
        found[name] = client.get_function_configuration(FunctionName=full_name, **qualifier)
    return found


@pytest.fixture
def deploy(stack: Stack, run_local_stack: RunLocalStack) -> Iterator[Callable[..., None]]:
    """Deploy with parameters; afterwards again with those that the stack had."""

    def deploy(**values: str) -> None:
        options = [f"--parameter={name}={value}" for name, value in values.items()]
        done = run_local_stack("up", Path(stack.logs).parent, *options)
        assert done.returncode == 0, done.stdout

    yield deploy
    deploy()


def test_a_changed_parameter_reaches_the_running_functions(
    stack: Stack, deploy: Callable[..., None]
) -> None:
    before = running(stack)
    address = before["Sync"]["Environment"]["Variables"]["PUBLIC_URL"]
    other_address = address.replace("127.0.0.1", "localhost")
    expected = CHANGED | {"PublicUrl": (other_address, "Sync", "PUBLIC_URL")}

    deploy(**{name: value for name, (value, _, _) in expected.items()}, Architecture="x86_64")

    after = running(stack)
    for value, function, variable in expected.values():
        assert before[function]["Environment"]["Variables"][variable] != value
        assert after[function]["Environment"]["Variables"][variable] == value
    assert [each["Architectures"] for each in before.values()] == [["arm64"]] * 4
    assert [each["Architectures"] for each in after.values()] == [["x86_64"]] * 4
    for name in ALIASED:
        assert int(after[name]["Version"]) > int(before[name]["Version"])
