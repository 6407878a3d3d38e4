"""`calmirror env`: the functions' environment variables, for `sam local invoke --env-vars`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from urllib.parse import urlsplit

import click

from calmirror.stacks import LOOPBACK, Stack, on_stack

#: The name that a container has for this machine. Docker Desktop knows it by itself; on Linux, SAM
#: has to be told `--add-host`, and the local stack has to be opened (`make containers`).
#: SAM's `--docker-network host` is of no use: SAM CLI 1.170.0 leaves the container where it was
#: (samcli/local/docker/container.py, `create`).
#: Source: Docker's documentation, "Networking how-tos", and reference of `docker container run`
_HOST_OF_CONTAINERS = "host.docker.internal"
#: Where Cronofy and browsers reach the API: they are in no container.
_SEEN_FROM_OUTSIDE = "PUBLIC_URL"


@click.command()
@click.option(
    "--host",
    help="How a container reaches this machine, where the local stack runs. "
    f"[default: {_HOST_OF_CONTAINERS}]",
)
@on_stack
def env(stack: Stack, host: str | None) -> None:
    """
    Print the functions' environment variables, as `sam local invoke --env-vars` takes them.

    A function that SAM runs on this machine then acts on the stack: on the local one, or on one in
    AWS.
    """
    if host and not stack.endpoint:
        raise click.UsageError("--host is for the local stack; one in AWS is reached as it is")
    host = host or _HOST_OF_CONTAINERS
    deployed = _deployed(stack)
    if stack.endpoint:
        local = {"AWS_ENDPOINT_URL": stack.endpoint}
        deployed = {name: _for_a_container(each | local, host) for name, each in deployed.items()}
    click.echo(json.dumps(deployed, indent=2))
    click.echo(_how_to_go_on(stack, host), err=True)


def _deployed(stack: Stack) -> dict[str, dict[str, str]]:
    """Return the variables of each function of the stack, by its name in the template."""
    resources = stack.client("cloudformation").get_paginator("list_stack_resources")
    functions = stack.client("lambda")
    found: dict[str, dict[str, str]] = {}
    for page in resources.paginate(StackName=stack.name):
        for each in page["StackResourceSummaries"]:
            if each["ResourceType"] == "AWS::Lambda::Function":
                name = each["PhysicalResourceId"]
                configured = functions.get_function_configuration(FunctionName=name)
                variables = configured.get("Environment", {}).get("Variables", {})
                found[each["LogicalResourceId"]] = variables
    return found


def _for_a_container(variables: Mapping[str, str], host: str) -> dict[str, str]:
    return {
        name: value if name == _SEEN_FROM_OUTSIDE else _reached_by(value, host)
        for name, value in variables.items()
    }


def _reached_by(value: str, host: str) -> str:
    """Return an address of this machine with the name that it has in a container."""
    address = urlsplit(value)
    if address.scheme not in ("http", "https") or address.hostname not in LOOPBACK:
        return value
    port = f":{address.port}" if address.port else ""
    return address._replace(netloc=f"{host}{port}").geturl()


def _how_to_go_on(stack: Stack, host: str) -> str:
    """Say what else SAM needs to be told."""
    command = "sam local invoke FUNCTION -e EVENT.json --env-vars FILE"
    credentials = stack.session.get_credentials()
    if stack.endpoint is None or credentials is None:
        return f"With credentials of the stack's account:\n  {command}"
    add_host = ""
    if host == _HOST_OF_CONTAINERS and sys.platform == "linux":
        add_host = f" --add-host {host}:host-gateway"
    return (
        f"export AWS_ACCESS_KEY_ID={credentials.access_key} "
        f"AWS_SECRET_ACCESS_KEY={credentials.secret_key} AWS_REGION={stack.session.region_name}\n"
        f"{command}{add_host}"
    )
