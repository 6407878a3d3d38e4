"""What a person sees while environments are made: a live line on a terminal, else plain lines."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

_REMINDER_SECONDS = 10.0
_FRAME_SECONDS = 0.25


@dataclass(slots=True)
class Progress:
    """Tasks of several threads; `clock` counts seconds."""

    output: TextIO
    live: bool
    clock: Callable[[], float] = time.monotonic
    _running: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ended: threading.Event = field(default_factory=threading.Event)
    _ticker: threading.Thread | None = None

    def __enter__(self) -> "Progress":
        self._ticker = threading.Thread(target=self._tick, daemon=True)
        self._ticker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._ticker:
            self._ticker.join()

    def begin(self, task: str) -> None:
        with self._lock:
            self._running[task] = self.clock()
            self._print(f"  installing {task}")

    def end(self, task: str, word: str) -> None:
        with self._lock:
            elapsed = self.clock() - self._running.pop(task)
            self._print(f"  {word} {task} ({elapsed:.0f} s)", keep=True)

    def remind(self) -> None:
        """Tells which tasks still run, and for how long already."""
        with self._lock:
            now = self.clock()
            tasks = ", ".join(
                f"{task} ({now - began:.0f} s)" for task, began in self._running.items()
            )
            if tasks:
                self._print(f"  installing {tasks}")

    def _tick(self) -> None:
        while not self._ended.wait(_FRAME_SECONDS if self.live else _REMINDER_SECONDS):
            self.remind()

    def _print(self, line: str, *, keep: bool = False) -> None:
        if self.live:
            line = f"\r\x1b[2K{line}" + ("\n" if keep else "")
        else:
            line += "\n"
        self.output.write(line)
        self.output.flush()
