"""What the person sees: each step with the time it took; on a terminal also while it runs."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from local_stack.errors import StackError

_TAIL_LINES = 12


@dataclass(frozen=True, slots=True)
class Display:
    console: Console
    clock: Callable[[], float] = time.monotonic

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        began = self.clock()
        with self._while_running(title):
            yield
        self.console.print(f"  [green]✓[/] {title} ({self.clock() - began:.1f} s)")

    def say(self, line: str) -> None:
        self.console.print(line, markup=False)

    def fail(self, error: StackError) -> None:
        """What failed, the end of its output, where the rest is, and what to do."""
        self.console.print(f"✗ {error.what}", style="bold red", markup=False)
        if error.log:
            for line in _tail(error):
                self.console.print(f"    {line}", style="dim", markup=False)
            self.say(f"The whole output: {error.log}")
        self.say(error.advice)

    @contextmanager
    def _while_running(self, title: str) -> Iterator[None]:
        if not self.console.is_terminal:
            self.console.print(f"  {title} …")
            yield
            return
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        with Progress(*columns, console=self.console, transient=True) as progress:
            progress.add_task(title, total=None)
            yield


def _tail(error: StackError) -> list[str]:
    try:
        lines = error.log.read_text(errors="replace").splitlines() if error.log else []
    except OSError:
        return []
    return [line.rstrip() for line in lines if line.strip()][-_TAIL_LINES:]
