"""An AWS account that allows ten concurrent executions in all: `receive` has room in it."""

import pytest

from tests.models.template import PARAMETERS, RESOURCES
from tests.simulation.small_accounts import SmallAccount

DEFAULTS = (
    PARAMETERS["SyncConcurrency"]["Default"],
    RESOURCES["PublishFunction"]["Properties"]["Events"]["Write"]["Properties"][
        "ParallelizationFactor"
    ],
)
#: What the template had before.
GREEDY = 10, 4
ACCOUNTS = 2_000
#: Cronofy closes a channel that has taken nothing for a day.
#: Source: https://docs.cronofy.com/developers/push-notifications/
MINUTE, DAY = 60, 86_400


@pytest.fixture(scope="module")
def small():
    small = SmallAccount(ACCOUNTS, *DEFAULTS).run()
    print(f"\n{small.told()}")
    return small


def test_thousands_of_accounts_are_imported_within_the_cap(small):
    places = small.fleet.places

    assert small.unread == 0
    assert {*places.most} == {"receive", "sync", "publish", "reconcile", "connect"}
    assert places.most["sync"] == DEFAULTS[0]


def test_no_notification_fails_for_long_enough_to_close_a_channel(small):
    assert small.fleet.notified["verification"] >= ACCOUNTS
    assert max(small.fleet.waits) <= MINUTE < DAY
    assert small.refused < 0.03
    assert small.closed == []


def test_a_stack_that_takes_the_whole_account_starves_receive():
    greedy = SmallAccount(ACCOUNTS // 10, *GREEDY).run()
    print(f"\n{greedy.told()}")

    assert greedy.refused > 0.4
    assert max(greedy.fleet.waits) > MINUTE
