"""Finding an interpreter of one version on PATH, by running the candidates.

A version manager's shim (`python3.13`) can stand on PATH and fail when it is run: a name proves
nothing.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_PROBE = """
import sys
import ensurepip, venv
print("%d.%d" % sys.version_info[:2], "%d.%d.%d" % sys.version_info[:3], sys.executable)
"""
_PROBE_SECONDS = 20


def find(version: str, path: str) -> Path | None:
    """The first interpreter of `version` ("3.13") that runs, in the order of the PATH given."""
    for candidate in _candidates(version, path):
        answer = _probe(candidate)
        if answer and answer[0] == version:
            return Path(answer[2])
    return None


def release(python: Path) -> str | None:
    """The full version ("3.13.0") of the interpreter, or None where it does not run."""
    answer = _probe(python)
    return answer[1] if answer else None


def _candidates(version: str, path: str) -> Iterator[Path]:
    if sys.version_info[:2] == tuple(int(part) for part in version.split(".")):
        yield Path(sys.executable)
    for name in (f"python{version}", "python3"):
        for directory in path.split(os.pathsep):
            candidate = Path(directory, name)
            if directory and os.access(candidate, os.X_OK):
                yield candidate


def _probe(python: Path) -> tuple[str, str, str] | None:
    try:
        answer = subprocess.run(
            [python, "-I", "-c", _PROBE], capture_output=True, text=True, timeout=_PROBE_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = answer.stdout.strip().split(" ", 2)
    if answer.returncode != 0 or len(words) != 3:
        return None
    return words[0], words[1], words[2]
