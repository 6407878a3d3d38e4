"""Running a tool to its end, with its output in a log file."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from local_stack.errors import StackError


def run(
    command: Sequence[str | Path], *, environ: Mapping[str, str], cwd: Path, log: Path, advice: str
) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=dict(environ),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            status = process.wait()
        finally:
            _end(process)
    if status != 0:
        name = " ".join(Path(word).name for word in command[:2])
        raise StackError(f"{name} failed.", advice, log)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leaves nothing behind, also where the wait was interrupted."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
