"""Plants each bug, looks for a seed that finds it, and keeps the table of docs/simulation.md."""

from dataclasses import dataclass
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path

from tests.simulation.histories import PROFILES, draw
from tests.simulation.planted_bugs import BUGS, planted
from tests.simulation.running import run

DOCUMENT = Path(__file__).parents[2] / "docs" / "simulation.md"
BEGINS, ENDS = "<!-- planted bugs -->", "<!-- end of planted bugs -->"
#: How many seeds are tried.
PATIENCE = 600


@dataclass(frozen=True)
class Find:
    """What found a bug: a seed, and what the oracle said."""

    name: str
    seed: int | None
    words: str = ""
    tried: int = 0


def seeds_for(bug):
    """Yield seeds of the kind of run that a bug shows in, the known one first."""
    length = len(PROFILES)
    wanted = [i for i in range(length) if bug.profile in (None, PROFILES[i])]
    fitting = (start + i for start in range(0, 100 * length * PATIENCE, length) for i in wanted)
    return islice(chain([bug.seed], fitting), PATIENCE)


def found(bug):
    """Return the first seed that finds *bug*."""
    with planted(bug):
        for tried, seed in enumerate(seeds_for(bug), start=1):
            divergences = run(draw(seed)).divergences
            if divergences:
                return Find(bug.name, seed, _in_short(divergences[0]), tried)
    return Find(bug.name, None)


def found_all(jobs, numbers=range(len(BUGS))):
    """Yield what finds each bug, in the order of the table."""
    with get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(_found, numbers)


def _found(number):
    return found(BUGS[number])


def _in_short(divergence):
    """Leave out which event of which calendar it was."""
    return " ".join(word for word in divergence.split() if "#" not in word)


def write_table(jobs):
    """Find each bug, and write the table anew. Return the exit status."""
    finds = []
    for find in found_all(jobs):
        finds.append(find)
        print(
            f"{find.name}: {f'seed {find.seed}' if find.seed is not None else 'NOT FOUND'}, "
            f"{find.words} (tried {find.tried})",
            flush=True,
        )
    if DOCUMENT.exists():
        before, _, rest = DOCUMENT.read_text().partition(BEGINS)
        after = rest.partition(ENDS)[2]
        DOCUMENT.write_text(f"{before}{BEGINS}\n{table(finds)}{ENDS}{after}")
    return 1 if any(find.seed is None for find in finds) else 0


def table(finds):
    rows = [f"| {find.name} | {find.seed} | {find.words} |\n" for find in finds]
    return "".join(["| Planted bug | Seed | What the oracle says |\n| --- | --- | --- |\n", *rows])
