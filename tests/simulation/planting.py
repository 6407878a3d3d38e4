"""
Plants each bug, and looks for a seed that finds it. The table in docs/simulation.md tells which
seed did, and is where the search begins.
"""

import re
from dataclasses import dataclass
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path

from tests.simulation.histories import PROFILES, draw
from tests.simulation.planted_bugs import BUGS, planted
from tests.simulation.running import run

DOCUMENT = Path(__file__).parents[2] / "docs" / "simulation.md"
BEGINS, ENDS = "<!-- planted bugs -->\n", "<!-- end of planted bugs -->\n"
_ROW = re.compile(r"^\| (?P<name>[^|]+) \| (?P<seed>\d+) \| (?P<words>[^|]+) \|$", re.MULTILINE)
#: How many seeds are tried.
_PATIENCE = 600


@dataclass(frozen=True)
class Find:
    """What found a bug: a seed, and what the oracle said."""

    name: str
    seed: int
    words: str


def known():
    """Return what the document tells, by the bugs' names."""
    table = DOCUMENT.read_text().partition(BEGINS)[2].partition(ENDS)[0]
    rows = _ROW.finditer(table)
    return {row["name"]: Find(row["name"], int(row["seed"]), row["words"]) for row in rows}


def tried(bug, seed):
    """Run a seed with *bug* in place; return the find, ``None``: nothing was found wrong."""
    with planted(bug):
        divergences = run(draw(seed)).divergences
    return Find(bug.name, seed, _in_short(divergences[0])) if divergences else None


def _in_short(divergence):
    """Leave out which event of which calendar it was."""
    return " ".join(word for word in divergence.split() if "#" not in word)


def seeds_for(bug):
    """Yield seeds of the kind of run that a bug shows in, the known one first."""
    length = len(PROFILES)
    wanted = [i for i in range(length) if bug.profile in (None, PROFILES[i])]
    fitting = (start + i for start in range(0, length * _PATIENCE, length) for i in wanted)
    first = [find.seed for find in (known().get(bug.name),) if find]
    return islice(chain(first, fitting), _PATIENCE)


def found(bug):
    """Return what finds *bug*, with the first seed that does; ``None``: none of those tried."""
    return next(filter(None, (tried(bug, seed) for seed in seeds_for(bug))), None)


def confirmed(jobs):
    """Return, by the bugs' names, what the seeds of the document find now."""
    with get_context("spawn").Pool(jobs) as pool:
        found_now = pool.map(_as_known, range(len(BUGS)), chunksize=1)
    return {bug.name: find for bug, find in zip(BUGS, found_now, strict=True)}


def _as_known(number):
    bug = BUGS[number]
    find = known().get(bug.name)
    return find and tried(bug, find.seed)


def write_table(jobs):
    """Find each bug, and write the table anew. Return the exit status."""
    finds = []
    with get_context("spawn").Pool(jobs) as pool:
        for bug, find in zip(BUGS, pool.imap(_found, range(len(BUGS))), strict=True):
            print(f"{bug.name}: {f'{find.seed}, {find.words}' if find else 'NOT FOUND'}")
            finds.append(find)
    before, _, rest = DOCUMENT.read_text().partition(BEGINS)
    DOCUMENT.write_text(
        before + BEGINS + _table(filter(None, finds)) + ENDS + rest.partition(ENDS)[2]
    )
    return 0 if all(finds) else 1


def _found(number):
    return found(BUGS[number])


def _table(finds):
    rows = [f"| {find.name} | {find.seed} | {find.words} |\n" for find in finds]
    return "".join(["| Planted bug | Seed | What the oracle says |\n| --- | --- | --- |\n", *rows])
