import time

import pytest

from console.actions import Change, NothingToChangeError
from console.work import Stage, Work
from demonstration.measuring import Passage


def measured(seconds):
    return lambda change, entry: Passage(seconds, calls=1, writes=2)


def refused(change, entry):
    raise NothingToChangeError("the account has no event")


def ended(entry):
    deadline = time.monotonic() + 5
    while entry.stage in (Stage.QUEUED, Stage.RUNNING) and time.monotonic() < deadline:
        time.sleep(0.005)
    return entry


@pytest.fixture
def work():
    started = Work()
    started.start()
    return started


def test_an_action_that_arrives_keeps_its_time_calls_and_writes(work):
    entry = ended(work.add(Change("Renamed", lambda: None), measured(2.5)))

    assert (entry.stage, entry.seconds, entry.calls, entry.writes) == (Stage.ARRIVED, 2.5, 1, 2)


def test_an_action_that_does_not_arrive_has_failed(work):
    entry = ended(work.add(Change("Renamed", lambda: None), measured(None)))

    assert (entry.stage, entry.problem) == (Stage.FAILED, "has not arrived within a minute")


def test_an_action_with_nothing_to_act_on_fails_and_the_next_goes_on(work):
    first = work.add(Change("Deleted", lambda: None), refused)
    second = work.add(Change("Renamed", lambda: None), measured(1.0))

    assert (ended(first).stage, first.problem) == (Stage.FAILED, "the account has no event")
    assert ended(second).stage is Stage.ARRIVED


def test_the_latest_action_is_the_first_of_the_log(work):
    for title in ("one", "two"):
        work.add(Change(title, lambda: None), measured(1.0))

    assert [entry.title for entry in work.entries] == ["two", "one"]
