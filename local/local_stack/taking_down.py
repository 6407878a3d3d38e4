"""Stopping a stack, and removing what it holds."""

import shutil

from local_stack import processes
from local_stack.locations import Locations


def take_down(locations: Locations) -> bool:
    """False: there was nothing to stop. Logs and builds stay, and the ports are remembered."""
    services = (*processes.tools(locations), *processes.lasting(locations))
    was_running = any(service.is_running() for service in services)
    locations.stack_file.unlink(missing_ok=True)
    for service in services:
        service.stop()
    shutil.rmtree(locations.state, ignore_errors=True)
    return was_running
