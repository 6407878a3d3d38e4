"""When calls are short: whose shortage it is, and what follows from it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from calendar_mirror import budgets, messages
from calendar_mirror.accounts import State
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


def read_just_now(mirror):
    mirror.ask()
    mirror.settle()
    mirror.forget()


def outcome_of_the_next_batch(mirror):
    mirror.drain()
    return mirror.reports[-1].outcome.value


def test_an_account_that_was_read_just_now_waits_and_costs_no_call(mirror):
    read_just_now(mirror)
    mirror.clock.turn(10)
    use_up(mirror)
    mirror.ask()
    mirror.ask(since=mirror.clock() - timedelta(minutes=1))

    mirror.drain()

    (report,) = mirror.reports
    assert (report.outcome, report.counts) == ("spaced", {"messages": 2, "calls": 0})
    assert report.freshness_s is None
    assert mirror.provider.requests == []
    assert mirror.queue.next_visible_at() - mirror.clock().timestamp() == pytest.approx(50, abs=3)


def test_what_is_notified_meanwhile_becomes_one_read_of_changes_that_is_as_old_as_it_is(mirror):
    read_just_now(mirror)
    use_up(mirror)
    asked_at = mirror.clock()
    for _ in range(5):
        mirror.ask()
        mirror.drain()
        mirror.clock.turn(5)

    mirror.clock.turn(35)
    mirror.settle()

    assert mirror.outcomes() == {"spaced": 1, "read": 1}
    assert [method for method, _, _ in mirror.provider.requests] == ["GET"]
    assert "last_modified" in mirror.provider.reads()[0]
    age_s = (mirror.clock() - asked_at).total_seconds()
    assert mirror.reports[-1].freshness_s == age_s == pytest.approx(60, abs=3)


def test_however_short_calls_are_and_stay_a_minute_after_its_last_read_an_account_has_its_turn(
    mirror,
):
    read_just_now(mirror)
    read_at = mirror.accounts.get("acc_1").last_read.started_at
    mirror.ask()
    receives = 0
    while (mirror.clock() - read_at).total_seconds() < 60:
        use_up(mirror)
        receives += 1
        assert outcome_of_the_next_batch(mirror) == "spaced"
        mirror.clock.at += timedelta(
            seconds=mirror.queue.next_visible_at() - mirror.clock().timestamp()
        )

    assert outcome_of_the_next_batch(mirror) == "read"
    assert receives == 1
    assert (mirror.clock() - read_at).total_seconds() < 62


def test_another_account_notices_nothing(mirror):
    mirror.connect("acc_2")
    read_just_now(mirror)
    use_up(mirror)
    mirror.clock.turn(0.2)
    mirror.ask("acc_2")

    assert outcome_of_the_next_batch(mirror) == "read"


def full(mirror):
    mirror.ask(kind=Kind.FULL)


def check(mirror):
    mirror.ask(kind=Kind.CHECK)


def profiles(mirror):
    mirror.ask(kind=Kind.PROFILES)


def erasure(mirror):
    mirror.ask(kind=Kind.ERASE)


def changes_beside_a_check(mirror):
    mirror.ask()
    mirror.ask(kind=Kind.CHECK)


def changes_for_an_operator(mirror):
    now = mirror.clock()
    mirror.send(messages.request("acc_1", Kind.DELTA, now=now, cause="operator"))


def changes_that_only_a_full_read_shows(mirror):
    mirror.ask(since=mirror.clock() - timedelta(days=42))


def changes_after_the_grant_had_ended(mirror):
    account = replace(mirror.accounts.get("acc_1"), state=State.NEEDS_USER)
    mirror.accounts.kept["acc_1"] = account
    mirror.ask()


@pytest.mark.parametrize(
    "asked",
    [
        *(full, check, profiles, erasure, changes_beside_a_check, changes_for_an_operator),
        *(changes_that_only_a_full_read_shows, changes_after_the_grant_had_ended),
    ],
    ids=lambda asked: asked.__name__,
)
def test_only_notified_changes_wait(mirror, asked):
    read_just_now(mirror)
    use_up(mirror)
    mirror.clock.turn(0.2)
    asked(mirror)

    assert outcome_of_the_next_batch(mirror) != "spaced"
    assert mirror.provider.requests != []


def test_messages_that_the_last_read_settled_do_not_come_again_with_those_that_wait(mirror):
    mirror.clock.turn(5)
    early = mirror.clock()
    mirror.clock.turn(5)
    read_just_now(mirror)
    use_up(mirror)
    mirror.send(messages.request("acc_1", Kind.DELTA, now=early, cause="change"))
    mirror.ask()

    mirror.drain()

    assert mirror.outcomes() == {"spaced": 1}
    assert len(mirror.queue.messages) == 1
