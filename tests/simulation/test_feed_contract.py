"""What the change feed is told in the simulation is what its schema allows."""

import pytest

from tests.models import feed_contract
from tests.simulation.running import run_seed


@pytest.mark.parametrize("seed", range(4))
def test_all_that_a_seed_publishes_is_as_the_schema_says(seed):
    entries = run_seed(seed).entries

    assert entries
    for entry in entries:
        feed_contract.hold(entry["DetailType"], entry["Detail"])
