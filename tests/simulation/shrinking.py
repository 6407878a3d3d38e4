"""A failing history with less in it, that still fails."""

from dataclasses import replace

from tests.simulation.running import run


def is_failing(history):
    return bool(run(history).divergences)


def shrunk(history, fails=is_failing):
    """Leave out operations, half of them at first and one by one in the end, while it fails."""
    size = max(1, len(history.operations) // 2)
    while True:
        smaller = _without_some(history, size, fails)
        if smaller is not history:
            history = smaller
        elif size == 1:
            return history
        else:
            size = max(1, size // 2)


def _without_some(history, size, fails):
    """Leave out each run of *size* operations that is not needed."""
    start = 0
    while start < len(history.operations):
        left = history.operations[:start] + history.operations[start + size :]
        smaller = replace(history, operations=left)
        if fails(smaller):
            history = smaller
        else:
            start += size
    return history
