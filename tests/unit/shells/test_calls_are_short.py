"""When calls are short: whose shortage it is, and what follows from it."""

from datetime import timedelta

import pytest

from calendar_mirror import budgets
from calendar_mirror.errors import BudgetUsedUpError, RateLimitedError
from calendar_mirror.messages import Kind
from tests.models.mirror import Mirror

LIMIT = budgets.limit(500)


@pytest.fixture
def mirror():
    mirror = Mirror(limit=LIMIT)
    mirror.connect()
    return mirror


def factor(mirror):
    return mirror.budget.item["slowdown"].factor


def use_up(mirror):
    with pytest.raises(BudgetUsedUpError):  # noqa: PT012 - how many there are is what is not known
        for _ in range(LIMIT.burst + 1):
            mirror.budget.take("us", is_background=False)


def test_a_429_of_cronofy_s_slows_everybody_down_and_the_message_comes_again(mirror):
    mirror.provider.control("POST", "faults", kind="status", status=429, count=1)
    mirror.ask()
    mirror.drain()

    assert factor(mirror) == 1.5
    assert mirror.outcomes() == {"put_back": 1}
    mirror.settle()
    assert mirror.outcomes() == {"put_back": 1, "read": 1}


def test_our_own_shortage_is_no_reason_to_be_slower(mirror):
    use_up(mirror)
    mirror.ask()
    mirror.drain()

    assert mirror.outcomes() == {"put_back": 1}
    assert factor(mirror) == 1.0
    assert mirror.provider.requests == []


def test_another_refusal_is_no_reason_to_be_slower(mirror):
    mirror.provider.control("POST", "faults", kind="status", status=503, count=1)
    mirror.ask()
    mirror.settle()

    assert factor(mirror) == 1.0


def test_our_own_shortage_is_a_kind_of_cronofy_s():
    assert issubclass(BudgetUsedUpError, RateLimitedError)


def test_each_report_tells_the_headroom_that_its_calls_left(mirror):
    mirror.ask()
    mirror.settle()
    (report,) = mirror.reports
    assert report.headroom == pytest.approx(1 - 1 / LIMIT.burst, abs=0.001)

    use_up(mirror)
    mirror.ask(since=mirror.clock() - timedelta(hours=1))
    mirror.drain()
    assert mirror.reports[-1].headroom == pytest.approx(0, abs=0.05)


def test_a_report_without_a_call_tells_no_headroom(mirror):
    mirror.accounts.pause("acc_1")
    mirror.ask(kind=Kind.FULL)
    mirror.settle()

    (report,) = mirror.reports
    assert report.headroom is None
