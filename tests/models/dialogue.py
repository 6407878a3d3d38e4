"""A person at a terminal, who answers what a command asks."""

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_COLOURS = re.compile(r"\x1b\[[\d;]*m")


@dataclass(frozen=True, slots=True)
class Dialogue:
    """
    Attributes:
        questions: as they were asked, in order, each without the colon at its end.
        shown: all that stood on the terminal, without colours.
    """

    exit_code: int
    questions: tuple[str, ...]
    shown: str


def hold(
    command: Sequence[str | Path],
    answer: Callable[[str], str],
    *,
    environ: Mapping[str, str],
    directory: Path,
    seconds: float,
) -> Dialogue:
    """Run *command* on a terminal of its own, and give it the *answer* to each of its questions."""
    primary, secondary = pty.openpty()
    process = subprocess.Popen(
        command,
        stdin=secondary,
        stdout=secondary,
        stderr=secondary,
        env=environ,
        cwd=directory,
        start_new_session=True,
    )
    os.close(secondary)
    ends, shown, begins, questions = time.monotonic() + seconds, "", 0, []
    try:
        while (more := _read(primary, ends)) is not None:
            shown += more
            asked = question(shown[begins:])
            if asked is not None:
                questions.append(asked)
                begins = len(shown)
                os.write(primary, f"{answer(asked)}\n".encode())
        exit_code = process.wait(max(0.0, ends - time.monotonic()))
    finally:
        process.kill()
        process.wait()
        os.close(primary)
    return Dialogue(exit_code, tuple(questions), _COLOURS.sub("", shown))


def question(shown: str) -> str | None:
    """Return what the last line of *shown* asks: it ends in a colon and a blank, and waits."""
    line = _COLOURS.sub("", shown).rpartition("\n")[2].strip("\r\t")
    return line.removesuffix(": ") if line.endswith(": ") and line != ": " else None


def _read(primary: int, ends: float) -> str | None:
    """Return what comes next; ``None``: nobody holds the terminal any more."""
    left = ends - time.monotonic()
    if left <= 0 or not select.select([primary], [], [], left)[0]:
        raise AssertionError("the command did not end in time")
    try:
        part = os.read(primary, 65536)
    except OSError:  # Linux says so at the end
        return None
    return part.decode(errors="replace") if part else None
