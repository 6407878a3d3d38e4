"""How far apart the reads of a noisy account are while calls are short."""

from datetime import UTC, datetime, timedelta

import pytest

from calendar_mirror import spacing
from calendar_mirror.planning import CompletedRead

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)


def wait_s(read_s_ago, headroom):
    read = CompletedRead(NOW - timedelta(seconds=read_s_ago), NOW - timedelta(hours=1))
    return spacing.wait_s(read, headroom, now=NOW)


@pytest.mark.parametrize("headroom", [None, 0.4, 0.5, 1.0])
def test_where_calls_are_not_known_to_be_short_nobody_waits(headroom):
    assert wait_s(0, headroom) == 0


@pytest.mark.parametrize("headroom", [0.0, 0.2, 0.39])
def test_an_account_that_was_not_read_lately_does_not_wait(headroom):
    assert wait_s(60, headroom) == 0
    assert wait_s(3600, headroom) == 0
    assert spacing.wait_s(None, headroom, now=NOW) == 0


def test_the_less_is_left_the_longer_is_the_wait():
    waits = [wait_s(0, headroom / 100) for headroom in range(40, -1, -5)]

    assert waits == sorted(waits)
    assert len(set(waits)) == len(waits)
    assert waits[-1] == 60


def test_the_time_since_the_last_read_counts():
    assert [wait_s(ago, 0.0) for ago in (0, 15, 45, 59, 61)] == [60, 45, 15, 1, 0]
    assert [wait_s(ago, 0.2) for ago in (0, 10, 30, 31)] == [30, 20, 0, 0]


def test_a_clock_that_is_behind_makes_no_wait_longer():
    assert wait_s(-30, 0.0) == 60
