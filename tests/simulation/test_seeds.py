"""What no seed may break, whatever it does; `make soak SEEDS=20000` runs more of them."""

import pytest

from tests.simulation import histories, shrinking, soaking
from tests.simulation.histories import draw
from tests.simulation.running import run

SEEDS, JOBS = 320, 2


@pytest.fixture(scope="module")
def tally():
    done = soaking.soak(range(SEEDS), JOBS)
    print(f"\n{done.seeds} seeds, {done.steps} steps, {done.calls} calls, {done.faults}")
    return done


def test_the_table_equals_the_calendars_in_the_end_and_no_invariant_broke_on_the_way(tally):
    found = [f"{soaking.replay(seed)}: {each[0]}" for seed, each in sorted(tally.failing.items())]

    assert found == []
    assert tally.seeds == SEEDS


def test_every_kind_of_fault_has_struck(tally):
    told = {*histories.NOTICES, *histories.AWS, *histories.STOPS}
    told |= {f"Cronofy: {each['kind']}" for each in (*histories.PROVIDER, *histories.GARBLED)}

    assert [kind for kind in sorted(told) if not tally.faults[kind]] == []


def test_every_kind_of_operation_was_done(tally):
    told = {*histories.EDITS, *histories.STRUCTURE, *histories.TOKENS}

    assert [kind for kind in sorted(told) if not tally.operations[kind]] == []


def test_a_seed_replays_exactly():
    first, second = run(draw(13)), run(draw(13))

    assert (first.steps, first.calls, first.faults) == (second.steps, second.calls, second.faults)


def test_a_failing_history_is_shrunk_to_what_it_takes():
    history = draw(0)
    needed = {history.operations[3], history.operations[-2]}

    smaller = shrinking.shrunk(history, lambda each: needed <= {*each.operations})

    assert {*smaller.operations} == needed
