"""Running a tool to its end, with its output in a log file."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from local_stack.errors import StackError
from local_stack.services import Service


def run(
    tool: Service,
    command: Sequence[str | Path],
    *,
    environ: Mapping[str, str],
    directory: Path,
    advice: str,
) -> None:
    """Leaves nothing running, also where the wait is interrupted."""
    try:
        tool.start(command, environ, directory)
        status = tool.wait()
    finally:
        tool.stop()
    if status != 0:
        raise StackError(f"{tool.name} failed.", advice, tool.log)
