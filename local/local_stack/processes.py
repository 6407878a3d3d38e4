"""The stack's processes: MiniStack, which plays AWS, the Cronofy simulator, and the console."""

import os
from collections.abc import Mapping, Sequence

from local_stack import loopback, surroundings
from local_stack.locations import Locations
from local_stack.provider import Provider
from local_stack.services import Service

_START_SECONDS = 60.0
_LOOPBACK = "127.0.0.1"


def ministack(locations: Locations) -> Service:
    return Service(
        "MiniStack", locations.state / "ministack" / "process", locations.log("ministack")
    )


def simulator(locations: Locations) -> Service:
    return Service(
        "The Cronofy simulator",
        locations.state / "simulator" / "process",
        locations.log("simulator"),
    )


def console(locations: Locations) -> Service:
    return Service("The console", locations.state / "console" / "process", locations.log("console"))


def forwarder(locations: Locations) -> Service:
    return Service(
        "The way for containers",
        locations.state / "forwarder" / "process",
        locations.log("forwarder"),
    )


def sam_build(locations: Locations) -> Service:
    return _tool("sam build", "sam-build", locations)


def sam_deploy(locations: Locations) -> Service:
    return _tool("sam deploy", "sam-deploy", locations)


def _tool(name: str, file: str, locations: Locations) -> Service:
    """Runs for a while only; known by a file, so that it does not outlive a command killed hard."""
    return Service(name, locations.state / file / "process", locations.log(file))


def lasting(locations: Locations) -> tuple[Service, ...]:
    """What runs while the stack is up."""
    return (
        *(forwarder(locations), console(locations), simulator(locations)),
        ministack(locations),
    )


def tools(locations: Locations) -> tuple[Service, ...]:
    return (sam_build(locations), sam_deploy(locations))


def start_ministack(locations: Locations, port: int, environ: Mapping[str, str]) -> None:
    """With IAM enforced: each function may do what its own role grants, and no more."""
    temporary = locations.state / "ministack" / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    settings = {
        "AUTH": "true",
        "BIND_HOST": _LOOPBACK,
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": _LOOPBACK,
        "MINISTACK_REGION": surroundings.REGION,
        "TMPDIR": str(temporary),
        "TZ": "UTC",  # as in Lambda
        # Would listen on ports of their own, or look for containers to clean up.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": f"unix://{os.devnull}/none",
    }
    environ = surroundings.for_aws_tools(environ) | settings
    ministack(locations).start([locations.tool("ministack", "ministack")], environ)


def wait_for_ministack(locations: Locations, port: int) -> None:
    url = f"http://{_LOOPBACK}:{port}/_ministack/health"
    _wait(ministack(locations), url)


def start_simulator(
    locations: Locations, port: int, provider: Provider, environ: Mapping[str, str]
) -> None:
    python = locations.tool("dev", "python")
    module = ("-m", "cronofy_simulator", "--port", str(port))
    credentials = ("--client-id", provider.client_id, "--client-secret", provider.client_secret)
    simulator(locations).start([python, *module, *credentials], surroundings.plain(environ))


def wait_for_simulator(locations: Locations, port: int) -> None:
    _wait(simulator(locations), f"http://{_LOOPBACK}:{port}/_control/health")


def start_console(locations: Locations, port: int, environ: Mapping[str, str]) -> None:
    """It looks at the stack that the stack file describes when it starts."""
    python = locations.tool("dev", "python")
    module = ("-m", "console", "--port", str(port), "--stack-file", locations.stack_file)
    console(locations).start([python, *module], surroundings.plain(environ))
    _wait(console(locations), f"http://{_LOOPBACK}:{port}/")


def start_forwarder(
    locations: Locations, address: str, ports: Sequence[int], environ: Mapping[str, str]
) -> None:
    """Containers reach the processes at *ports* under *address* from then on."""
    python = locations.tool("dev", "python")
    module = ("-m", "local_stack.forwarding", address, *(str(port) for port in ports))
    service = forwarder(locations)
    service.start([python, *module], surroundings.plain(environ))
    service.wait_until(
        lambda: all(loopback.connects(address, port) for port in ports), _START_SECONDS
    )


def _wait(service: Service, url: str) -> None:
    service.wait_until(lambda: loopback.status_of(url) == 200, _START_SECONDS)
