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

from local_stack.errors import StackError

_GRACE_SECONDS = 10.0
_POLL_SECONDS = 0.05


@dataclass(slots=True)
class Service:
    name: str
    file: Path
    """Holds the process's number, and the lock."""
    log: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self, command: Sequence[str | Path], environ: Mapping[str, str]) -> None:
        """Starts it in a group of its own: an interrupt at the keyboard does not reach it."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            lock.truncate(0)
            self._process = self._spawn(command, environ, lock.fileno())
            lock.write(str(self._process.pid))

    def _spawn(
        self, command: Sequence[str | Path], environ: Mapping[str, str], lock: int
    ) -> subprocess.Popen[bytes]:
        with self.log.open("wb") as log:
            return subprocess.Popen(
                command,
                env=dict(environ),
                cwd=self.file.parent,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(lock,),
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
        if self.is_running():
            group = int(self.file.read_text())
            self._signal(group, signal.SIGTERM)
            self._wait_for_end()
            self._signal(group, signal.SIGKILL)  # what it has started and not ended
        if self._process:
            self._process.wait()
        self.file.unlink(missing_ok=True)

    def _wait_for_end(self) -> None:
        deadline = time.monotonic() + _GRACE_SECONDS
        while self.is_running() and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)

    def _signal(self, group: int, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
