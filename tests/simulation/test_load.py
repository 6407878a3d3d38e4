"""Three times as much work as there are calls: who waits, and what Cronofy sees of it."""

import pytest

from tests.models.fleet import peak, quantile
from tests.simulation.loads import BUDGET, CALLS_PER_MINUTE, DUE, Load


@pytest.fixture(scope="module")
def load():
    load = Load().run()
    print(f"\n{load.told()}")
    return load


@pytest.fixture(scope="module")
def unspaced():
    load = Load(is_spaced=False).run()
    print(f"\n{load.told()}")
    return load


@pytest.fixture(params=["load", "unspaced"])
def either(request):
    return request.getfixturevalue(request.param)


def test_three_times_the_budget_is_offered(load):
    assert load.offered > 3 * BUDGET
    assert load.fleet.notified["change"] == load.edits


def test_cronofy_never_answers_429(either):
    assert either.throttled_s == []
    assert peak(either.fleet.provider.called_at, 60) <= CALLS_PER_MINUTE
    assert peak(either.fleet.provider.called_at, 1) <= 50


def test_the_budget_is_used_while_there_is_work_for_it(load):
    assert min(load.calls[:10]) > 0.95 * BUDGET


def test_nothing_is_lost(either):
    fleet = either.fleet

    assert [a for a in (*either.quiet, *either.noisy, *either.due) if not fleet.is_equal(a)] == []
    assert (fleet.queue.depth(), fleet.queue.dead) == (0, [])
    assert len(either.background()) == DUE


def test_what_users_wait_for_is_served_before_what_nobody_waits_for(load):
    live = load.live({*load.quiet, *load.noisy})

    assert quantile(live, 0.5) < 3
    assert quantile(live, 0.99) < 61
    assert quantile(load.background(), 0.5) > 2 * quantile(live, 0.99)


def test_quiet_accounts_do_not_notice_noisy_ones(load, unspaced):
    quiet, noisy = load.live(load.quiet), load.live(load.noisy)

    assert quantile(quiet, 0.9) < 3
    assert quantile(quiet, 0.99) < 30
    assert load.ratio > 2
    assert unspaced.ratio < 1.3
    assert quantile(unspaced.live(unspaced.quiet), 0.99) > 3 * quantile(quiet, 0.99)
    assert max(noisy) < 60 + 10


def test_reads_are_spaced_and_no_call_is_spent_on_that(load, unspaced):
    spaced = [told.report for told in load.fleet.told if told.report.outcome == "spaced"]

    assert {report.account_id for report in spaced} > {*load.noisy}
    assert sum(report.counts["calls"] for report in spaced) == 0
    assert len(load.live(load.noisy)) < 0.85 * len(unspaced.live(unspaced.noisy))
    assert unspaced.fleet.outcomes()["spaced"] == 0


def test_a_lower_limit_than_we_were_told_is_adapted_to_and_its_end_noticed():
    load = Load(limit=250).run(minutes=20, limits=[(10, CALLS_PER_MINUTE)])
    first_minute = [at for at in load.throttled_s if at < 60]
    print(
        f"\nCronofy takes 250 calls a minute for ten minutes: {len(load.throttled_s)} answers of "
        f"429, {len(first_minute)} of them in the first minute; calls by minute: {load.calls}"
    )

    assert 0 < len(load.throttled_s) < 80
    assert len(first_minute) > len(load.throttled_s) / 2
    assert max(load.throttled_s) < 600
    assert sum(load.calls[6:10]) > 0.8 * 4 * 250
    assert load.calls[16] > 0.9 * BUDGET
