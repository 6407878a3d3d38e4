"""
The oracle can fail: each bug that is planted is found by the seed that docs/simulation.md names.

Where the code has changed so much that a seed no longer comes to the bug,
`python -m tests.simulation --planted-bugs` looks for another, and writes the table anew.
"""

from calendar_mirror import planning
from tests.simulation import planting, soaking
from tests.simulation.planted_bugs import BUGS, planted

JOBS = 2


def test_each_bug_is_found_by_the_seed_that_the_table_names():
    assert planting.confirmed(JOBS) == planting.known()


def test_without_a_bug_the_same_seeds_find_nothing():
    seeds = {find.seed for find in planting.known().values()}

    assert soaking.soak(seeds, JOBS).failing == {}


def test_a_planted_bug_is_gone_afterwards():
    good = planning.plan

    with planted(BUGS[0]):
        assert planning.plan is not good
    assert planning.plan is good
