"""A day of a fleet: what it costs, and what readers see of it. `--fleet 10000` runs a large one."""

import pytest

from tests.models.fleet import quantile
from tests.simulation.fleet_days import CALLS_PER_MINUTE, FleetDay

ACCOUNTS = 1_000


@pytest.fixture(scope="module")
def day():
    day = FleetDay(ACCOUNTS).run()
    print(f"\n{day.told()}")
    return day


def read_whole_at(day, account_id):
    return day.fleet.accounts.kept[account_id].last_full_read_at.timestamp()


def still_untold(day):
    """Return the accounts with an edit that only tomorrow's read can show."""
    return {account_id for account_id, at in day.untold if at > read_whole_at(day, account_id)}


def test_every_account_is_read_whole_once_and_is_equal_in_the_end(day):
    assert min(read_whole_at(day, each) for each in day.ids) >= day.began
    assert ACCOUNTS <= day.whole_reads < 1.02 * ACCOUNTS
    assert {each for each in day.ids if not day.fleet.is_equal(each)} <= still_untold(day)
    assert (day.fleet.queue.depth(), day.fleet.queue.dead) == (0, [])


def test_every_edit_but_the_untold_is_notified_and_what_nobody_told_is_put_right(day):
    assert day.fleet.notified["change"] == day.edits - len(day.untold)
    assert 0 < day.drift <= len(day.untold)


def test_a_day_costs_a_dozen_calls_an_account(day):
    assert day.calls_of_an_account < 16
    assert day.saved > 0


def test_cronofy_s_limits_are_far_off(day):
    assert day.peak <= CALLS_PER_MINUTE
    assert day.fleet.provider.throttled() == []
    assert day.peak < 3 * len(day.fleet.provider.called_at) / 1440 + 60


def test_readers_see_a_change_within_seconds(day):
    live = day.fleet.freshness(set(day.ids))

    assert quantile(live, 0.99) < 4
    assert day.fleet.outcomes()["put_back"] < 0.01 * len(live)
