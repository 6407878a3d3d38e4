"""`python -m local_stack up|down|containers|status`."""

import fcntl
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from local_stack import bringing_up, forwarding, loopback, processes, provider, stack
from local_stack.display import Display
from local_stack.errors import StackError
from local_stack.locations import PROJECT, Locations
from local_stack.stack import Stack
from local_stack.taking_down import take_down

_INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_directory = click.option(
    "--dir",
    "directory",
    type=click.Path(file_okay=False, path_type=Path, resolve_path=True),
    default=PROJECT / ".local",
    help="Holds the stack's state. Stacks in different directories run side by side.",
)


@click.group(help=__doc__)
def main() -> None:
    for number in _INTERRUPTS:
        signal.signal(number, _interrupt)


@main.command()
@_directory
@click.option("--merge-seconds", type=int, help="The template's MergeSeconds; 0: no merging.")
@click.option(
    "--parameter", "parameters", multiple=True, help="NAME=VALUE, another of the template's."
)
def up(directory: Path, merge_seconds: int | None, parameters: tuple[str, ...]) -> None:
    """Start the stack, or bring it up to date."""
    locations = Locations(directory)
    display = Display(Console(highlight=False, soft_wrap=True))
    extra = dict(_named(each) for each in parameters)
    if merge_seconds is not None:
        extra["MergeSeconds"] = str(merge_seconds)
    environ = dict(os.environ)
    with _alone(locations), _nothing_left_behind(locations, display):
        running = bringing_up.bring_up(
            locations, provider.from_environ(environ), extra, environ, display
        )
    display.say(f"Running: {locations.stack_file}")
    display.say(f"  notifications  {running.notifications_url}")
    display.say(f"  Cronofy        {running.cronofy_api_url}")
    display.say(f"  AWS            {running.aws_endpoint_url}")
    display.say(f"  console        {running.console_url}")


@main.command()
@_directory
def down(directory: Path) -> None:
    """Stop the stack and remove what it holds."""
    locations = Locations(directory)
    with _alone(locations):
        was_running = take_down(locations)
    click.echo("The local stack is down." if was_running else "No local stack was running.")


@main.command()
@_directory
def containers(directory: Path) -> None:
    """Let containers of this machine reach the stack, until it is taken down."""
    locations = Locations(directory)
    with _alone(locations):
        found = _running_stack(locations)
        address = forwarding.bridge_address()
        if address is None:
            click.echo("Docker has no bridge (docker0) on this machine, so nothing was opened.")
            click.echo("Docker Desktop's containers reach the stack as host.docker.internal.")
            return
        if not processes.forwarder(locations).is_running():
            ports = loopback.ports_of([found.aws_endpoint_url, found.cronofy_api_url])
            processes.start_forwarder(locations, address, ports, dict(os.environ))
    click.echo(f"Containers reach the local stack at {address}, until `make down`.")


@main.command()
@_directory
def status(directory: Path) -> None:
    """Tell what runs; end with 1 where the stack is not whole."""
    locations = Locations(directory)
    found = _running_stack(locations)
    services = [each for each in processes.lasting(locations) if each.file.exists()]
    for service in services:
        click.echo(f"{service.name}: {'running' if service.is_running() else 'ended'}")
    click.echo(f"Notifications: {found.notifications_url}")
    sys.exit(0 if services and all(service.is_running() for service in services) else 1)


def _running_stack(locations: Locations) -> Stack:
    try:
        return stack.read(locations.stack_file)
    except (OSError, ValueError, KeyError):
        click.echo("There is no local stack. Bring one up: make up")
        sys.exit(1)


def _named(parameter: str) -> tuple[str, str]:
    name, separator, value = parameter.partition("=")
    if not separator:
        raise click.UsageError(f"{parameter} is not of the form NAME=VALUE")
    return name, value


@contextmanager
def _nothing_left_behind(locations: Locations, display: Display) -> Iterator[None]:
    """A stack that is not whole is taken down again, whatever broke it."""
    try:
        yield
    except StackError as error:
        display.fail(error)
        _take_down_undisturbed(locations)
        sys.exit(1)
    except (BotoCoreError, ClientError) as error:
        display.fail(_of_the_local_aws(error, locations))
        _take_down_undisturbed(locations)
        sys.exit(1)
    except KeyboardInterrupt:
        display.say("Interrupted: taking down what was started.")
        _take_down_undisturbed(locations)
        sys.exit(130)
    except BaseException:
        _take_down_undisturbed(locations)
        raise


def _of_the_local_aws(error: Exception, locations: Locations) -> StackError:
    return StackError(
        f"The local AWS did not do what it was asked: {error}",
        "Type the same command again; where that does not help, see its output.",
        locations.log("ministack"),
    )


def _take_down_undisturbed(locations: Locations) -> None:
    _ignore_interrupts()
    take_down(locations)


@contextmanager
def _alone(locations: Locations) -> Iterator[None]:
    """Two commands for the same stack: the second one waits."""
    locations.directory.mkdir(parents=True, exist_ok=True)
    with (locations.directory / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    _ignore_interrupts()
    raise KeyboardInterrupt


def _ignore_interrupts() -> None:
    """A second interrupt does not stop the tidying up."""
    for number in _INTERRUPTS:
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    main()
