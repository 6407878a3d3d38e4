"""A terminal: runs a command in one of its own, and tells what it shows in the end."""

import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fcntl import ioctl

_CONTROL = re.compile(r"\x1b\[([?\d;]*)([A-Za-z])")


@dataclass(frozen=True, slots=True)
class Shown:
    """
    Attributes:
        written: everything that the command wrote, control sequences included.
        lines: what the screen shows in the end; rows that ran on are one line, as a selection
            with the mouse has them.
    """

    exit_code: int
    written: str
    lines: tuple[str, ...]


def run(command: Sequence[str], *, columns: int, env: Mapping[str, str], timeout_s: float) -> Shown:
    """Run *command* with standard output and error on one terminal, as people do."""
    primary, secondary = pty.openpty()
    ioctl(secondary, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    process = subprocess.Popen(
        command, stdin=secondary, stdout=secondary, stderr=secondary, env=env, close_fds=True
    )
    os.close(secondary)
    try:
        written = _read(primary, time.monotonic() + timeout_s)
    finally:
        os.close(primary)
        process.wait(timeout_s)
    return Shown(process.returncode, written, tuple(screen(written)))


def _read(primary: int, ends: float) -> str:
    """Return what is written until nobody holds the terminal any more."""
    parts = []
    while (left := ends - time.monotonic()) > 0:
        if not select.select([primary], [], [], left)[0]:
            break
        try:
            part = os.read(primary, 65536)
        except OSError:  # Linux says so at the end
            part = b""
        if not part:
            return b"".join(parts).decode()
        parts.append(part)
    raise AssertionError(f"the command did not end: {b''.join(parts).decode()!r}")


def screen(written: str) -> list[str]:
    """
    Return the lines that a terminal shows after *written*. Knows what rich writes: carriage return,
    line feed, cursor up, and erasing a line.
    """
    lines, row, column, at = [""], 0, 0, 0
    while at < len(written):
        control = _CONTROL.match(written, at)
        if control:
            count = int(control[1]) if control[1].isdigit() else 1
            if control[2] == "A":
                row = max(0, row - count)
            elif control[2] == "K":
                lines[row] = "" if control[1] == "2" else lines[row][:column]
            at = control.end()
            continue
        character, at = written[at], at + 1
        if character == "\r":
            column = 0
        elif character == "\n":
            row, column = row + 1, 0
            lines += [""] * (row + 1 - len(lines))
        else:
            line = lines[row].ljust(column)
            lines[row] = line[:column] + character + line[column + 1 :]
            column += 1
    return [line.rstrip() for line in lines]
