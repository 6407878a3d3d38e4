"""
The oracle can fail: each bug that is planted is found by the seed that docs/simulation.md names.

Where the code has changed so much that a seed no longer comes to the bug,
`python -m tests.simulation --planted-bugs` looks for another, and writes the table anew.
"""

from multiprocessing import get_context

import pytest

from calendar_mirror import planning
from tests.simulation import planting
from tests.simulation.planted_bugs import BUGS, planted

JOBS = 2


@pytest.fixture(scope="module")
def finds():
    with get_context("spawn").Pool(JOBS) as pool:
        return dict(pool.map(found_as_told, range(len(BUGS)), chunksize=1))


def found_as_told(number):
    bug = BUGS[number]
    told = planting.known().get(bug.name)
    return bug.name, told and planting.tried(bug, told.seed)


def test_each_bug_is_found_by_the_seed_that_the_table_names(finds):
    assert [name for name, find in finds.items() if find is None] == []
    assert finds == planting.known()


def test_without_a_bug_the_same_seeds_find_nothing():
    seeds = sorted({find.seed for find in planting.known().values()})

    assert {seed: found for seed in seeds if (found := divergences(seed))} == {}


def divergences(seed):
    return planting.run(planting.draw(seed)).divergences


def test_a_planted_bug_is_gone_afterwards():
    good = planning.plan

    with planted(BUGS[0]):
        assert planning.plan is not good
    assert planning.plan is good
