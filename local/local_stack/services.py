"""A process that outlives the command that started it.

A running process holds a lock on its file, which the system takes away when the process ends,
however it ends. So a number that another process has by now is never taken for ours, not even after
a reboot.
"""

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from local_stack.errors import StackError

_GRACE_SECONDS = 10.0
_POLL_SECONDS = 0.05
_NUMBERED = ("/bin/sh", "-c", 'echo $$ >"$0" && exec "$@"')
"""The process writes its own number, so that no interrupt falls between the two."""


@dataclass(slots=True)
class Service:
    name: str
    file: Path
    """Holds the process's number, and the lock."""
    log: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(
        self,
        command: Sequence[str | Path],
        environ: Mapping[str, str],
        directory: Path | None = None,
    ) -> None:
        """Starts it in a group of its own: an interrupt at the keyboard does not reach it."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            lock.truncate(0)
            with self.log.open("wb") as log:
                self._process = self._spawn(
                    command, environ, directory or self.file.parent, lock, log
                )

    def _spawn(
        self,
        command: Sequence[str | Path],
        environ: Mapping[str, str],
        directory: Path,
        lock: IO[str],
        log: IO[bytes],
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*_NUMBERED, self.file.resolve(), *command],
            env=dict(environ),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(lock.fileno(),),
            start_new_session=True,
        )

    def is_running(self) -> bool:
        try:
            with self.file.open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except FileNotFoundError:
            return False
        return False

    def wait(self) -> int:
        """The exit status, at its end."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started here")
        return self._process.wait()

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.is_running():
                raise StackError(f"{self.name} ended at its start.", "See its output.", self.log)
            if time.monotonic() > deadline:
                raise StackError(
                    f"{self.name} did not answer within {seconds:.0f} seconds.",
                    "Type the same command again; where that does not help, see its output.",
                    self.log,
                )
            time.sleep(_POLL_SECONDS)

    def stop(self) -> None:
        """Ends the process and what it has started itself. Harmless where nothing runs."""
        group = self._group()
        if group is not None:
            self._signal(group, signal.SIGTERM)
            self._wait_for_end()
            self._signal(group, signal.SIGKILL)  # what it has started and not ended
        if self._process:
            self._process.wait()
        self.file.unlink(missing_ok=True)

    def _group(self) -> int | None:
        """None: it does not run. One that was started just now may have yet to write its number."""
        deadline = time.monotonic() + _GRACE_SECONDS
        while self.is_running() and time.monotonic() < deadline:
            number = self.file.read_text()
            if number.endswith("\n"):
                return int(number)
            time.sleep(_POLL_SECONDS)
        return None

    def _wait_for_end(self) -> None:
        deadline = time.monotonic() + _GRACE_SECONDS
        while self.is_running() and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)

    def _signal(self, group: int, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
