"""Stop a function before or after any one call to the outside: nothing is lost or revived."""

import pytest

from tests.simulation import crash_points

JOBS = 2


@pytest.mark.parametrize("name", crash_points.SCENARIOS)
def test_wherever_a_function_is_stopped_all_is_as_it_should_be_in_the_end(name):
    points, failing = crash_points.failing(name, JOBS)

    print(f"\n{name}: stopped at each of {points} steps")
    assert failing == {}
    assert points > 60
