"""Many seeds, in several processes."""

from collections import Counter
from dataclasses import dataclass, field
from multiprocessing import get_context

from tests.simulation.histories import draw
from tests.simulation.running import run

_CHUNK = 8


@dataclass
class Tally:
    """
    What came of many runs.

    Attributes:
        faults: how many struck, by kind.
        failing: what was found wrong, by seed.
    """

    seeds: int = 0
    steps: int = 0
    calls: int = 0
    operations: Counter = field(default_factory=Counter)
    faults: Counter = field(default_factory=Counter)
    failing: dict = field(default_factory=dict)

    def add(self, seed, result):
        self.seeds += 1
        self.steps += result.steps
        self.calls += result.calls
        self.operations.update(each.kind for each in result.history.operations)
        self.faults += result.faults
        if result.divergences:
            self.failing[seed] = result.divergences


def replay(seed):
    """Return the command that replays a seed."""
    return f"python -m tests.simulation {seed}"


def soak(seeds, jobs, progress=lambda tally: None):
    """Run *seeds*; tell *progress* after each."""
    tally = Tally()
    with get_context("spawn").Pool(jobs) as pool:
        for seed, result in pool.imap_unordered(_one, seeds, _CHUNK):
            tally.add(seed, result)
            progress(tally)
    return tally


def _one(seed):
    result = run(draw(seed))
    return seed, result
