"""From nothing to an application that answers; where it runs already, only what has changed."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from local_stack import building, deploying, ports, processes, round_trip, routes, surroundings
from local_stack import stack as stack_file
from local_stack.deploying import Deployment
from local_stack.display import Display
from local_stack.locations import Locations
from local_stack.provider import Provider
from local_stack.stack import Stack
from local_stack.taking_down import take_down


@dataclass(frozen=True, slots=True)
class Addresses:
    aws: str
    public: str
    """Under which Cronofy reaches the API."""
    cronofy: str


def bring_up(
    locations: Locations,
    provider: Provider,
    extra_parameters: Mapping[str, str],
    environ: Mapping[str, str],
    display: Display,
) -> Stack:
    """Raises StackError, and may then leave processes: the caller takes the stack down."""
    for tool in processes.tools(locations):
        tool.stop()  # of an earlier command that was killed
    if _belongs_to_another(provider, locations):
        take_down(locations)
    aws_port = _start_ministack(locations, environ)
    cronofy_port = None if provider.url else _start_simulator(locations, provider, environ)
    addresses = _addresses(aws_port, cronofy_port, provider)
    deployment = Deployment(
        building.fingerprint(locations), _parameters(addresses, provider, extra_parameters)
    )
    if not deployment.is_in(locations.deployed_file):
        processes.console(locations).stop()
        _deploy(locations, deployment, aws_port, addresses, environ, display)
    with display.step("Sending a first signed notification"):
        if cronofy_port is not None:
            processes.wait_for_simulator(locations, cronofy_port)
        stack = _describe(locations, addresses, provider, _console_port(locations))
        round_trip.check(stack, locations)
    deployment.write(locations.deployed_file)
    stack.write(locations.stack_file)
    if not processes.console(locations).is_running():
        with display.step("Starting the console"):
            processes.start_console(locations, _console_port(locations), environ)
    return stack


def _belongs_to_another(provider: Provider, locations: Locations) -> bool:
    """A stack with rows from another provider's accounts, or from a simulator that is gone."""
    try:
        found = stack_file.read(locations.stack_file)
    except (OSError, ValueError, KeyError):
        return False
    if provider.url:
        same_server = found.cronofy_api_url == provider.url
    else:
        same_server = processes.simulator(locations).is_running()
    credentials = (provider.client_id, provider.client_secret)
    return not same_server or (found.client_id, found.client_secret) != credentials


def _start_ministack(locations: Locations, environ: Mapping[str, str]) -> int:
    if processes.ministack(locations).is_running():
        return ports.remembered("ministack", locations.ports_file)
    locations.deployed_file.unlink(missing_ok=True)
    port = ports.choose("ministack", locations.ports_file, random.Random())
    processes.start_ministack(locations, port, environ)
    return port


def _start_simulator(locations: Locations, provider: Provider, environ: Mapping[str, str]) -> int:
    if processes.simulator(locations).is_running():
        return ports.remembered("simulator", locations.ports_file)
    port = ports.choose("simulator", locations.ports_file, random.Random())
    processes.start_simulator(locations, port, provider, environ)
    return port


def _console_port(locations: Locations) -> int:
    if processes.console(locations).is_running():
        return ports.remembered("console", locations.ports_file)
    return ports.choose("console", locations.ports_file, random.Random())


def _addresses(aws_port: int, cronofy_port: int | None, provider: Provider) -> Addresses:
    aws = f"http://127.0.0.1:{aws_port}"
    return Addresses(
        aws=aws,
        public=deploying.public_url(deploying.STACK_NAME, aws),
        cronofy=provider.url or f"http://127.0.0.1:{cronofy_port}",
    )


def _parameters(
    addresses: Addresses, provider: Provider, extra: Mapping[str, str]
) -> dict[str, str]:
    return {
        "CronofyClientId": provider.client_id,
        "CronofyClientSecret": provider.client_secret,
        "CronofyApiUrl": addresses.cronofy,
        "PublicUrl": addresses.public,
        **deploying.NOT_IN_MINISTACK,
        **extra,
    }


def _deploy(
    locations: Locations,
    deployment: Deployment,
    aws_port: int,
    addresses: Addresses,
    environ: Mapping[str, str],
    display: Display,
) -> None:
    locations.deployed_file.unlink(missing_ok=True)
    with display.step("Building the application (sam build)"):
        template = building.build(locations, deployment.fingerprint, environ)
    with display.step("Starting the local AWS (MiniStack) and the Cronofy simulator"):
        processes.wait_for_ministack(locations, aws_port)
    with display.step("Deploying the application (sam deploy)"):
        deploying.deploy(locations, template, deployment.parameters, addresses.aws, environ)
        routes.complete(deploying.STACK_NAME, deploying.STACK_NAME, addresses.aws)
        deploying.accept_sample_links(addresses.aws)


def _describe(
    locations: Locations, addresses: Addresses, provider: Provider, console_port: int
) -> Stack:
    outputs = deploying.outputs(deploying.STACK_NAME, addresses.aws)
    return Stack(
        aws_endpoint_url=addresses.aws,
        region=surroundings.REGION,
        stack_name=deploying.STACK_NAME,
        notifications_url=outputs["NotificationsUrl"],
        cronofy_api_url=addresses.cronofy,
        console_url=f"http://127.0.0.1:{console_port}",
        client_id=provider.client_id,
        client_secret=provider.client_secret,
        aws_access_key_id=surroundings.CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=surroundings.CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        outputs=outputs,
        logs=str(locations.directory / "log"),
    )
