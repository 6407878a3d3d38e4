"""Reads of the whole window that take more than one go."""

from collections import Counter
from datetime import timedelta

import pytest

from calendar_mirror import budgets, due, messages, reading, visit
from calendar_mirror.messages import Kind
from calendar_mirror.spans import WHOLE
from cronofy_simulator.settings import Settings
from tests.models.mirror import Mirror

PAGE_S = 4.0


def slow(events=120, page_size=4, page_s=PAGE_S):
    """An account whose pages take so long that a full read of it needs several goes."""
    mirror = Mirror(settings=Settings(page_size=page_size, page_link_lifetime=None))
    mirror.connect(events=0)
    mirror.provider.control(
        "POST", "accounts/acc_1/events", count=events, every_seconds=86_400, summary="Event"
    )
    read_pages_of(mirror, page_s)
    return mirror


def read_pages_of(mirror, page_s):
    def before(request):
        if "/v1/events" in request.url:
            mirror.clock.turn(page_s)

    mirror.provider.before = before


def equal(mirror):
    return mirror.events.live("acc_1") == mirror.truth()


def passes(mirror, most=200):
    """Drain until nothing is left; return the outcomes, in order."""
    mirror.reports.clear()
    mirror.settle(most=most)
    return [report.outcome.value for report in mirror.reports]


def test_a_read_that_does_not_fit_into_one_go_is_finished_in_several():
    mirror = slow()
    mirror.ask(kind=Kind.FULL)

    outcomes = passes(mirror)

    assert len(outcomes) > 2
    assert outcomes == ["unfinished"] * (len(outcomes) - 1) + ["read"]
    assert equal(mirror)
    assert mirror.accounts.get("acc_1").full_read is None
    assert mirror.queue.dead == []


def test_its_start_is_the_cursor_however_many_goes_it_takes():
    mirror = slow()
    mirror.ask(kind=Kind.FULL)
    asked_at = mirror.clock()

    mirror.settle()

    account = mirror.accounts.get("acc_1")
    assert account.last_full_read_at == account.last_read.started_at
    assert account.last_read.started_at - asked_at < timedelta(seconds=30)


def test_what_was_read_is_not_read_again():
    mirror = slow(events=200)
    mirror.ask(kind=Kind.FULL)
    mirror.settle()

    pages = len([path for _, path, _ in mirror.provider.requests if "/v1/events" in path])
    assert pages < 2 * 200 / 4


@pytest.mark.parametrize("deleted", [0.0, None])
def test_what_is_gone_is_marked_as_deleted_in_whichever_part_it_was(deleted):
    mirror = slow(page_s=0.0)
    mirror.ask(kind=Kind.FULL)
    mirror.settle()
    mirror.provider.control("PATCH", "settings", deleted_retention=deleted)
    gone = [each["event_uid"] for each in mirror.truth().values()][::7]
    for uid in gone:
        mirror.provider.control("DELETE", f"accounts/acc_1/events/{uid}")
    read_pages_of(mirror, PAGE_S)
    mirror.clock.turn(3600)
    mirror.forget()
    mirror.ask(kind=Kind.FULL)

    outcomes = passes(mirror)

    assert "unfinished" in outcomes
    assert equal(mirror)
    assert mirror.events.writes == len(gone)
    assert mirror.accounts.drift["acc_1"] == len(gone)
    assert sum(report.counts["drift"] for report in mirror.reports) == len(gone)


def test_live_changes_are_settled_before_it_goes_on():
    mirror = slow()
    mirror.ask(kind=Kind.FULL)
    mirror.drain()
    assert mirror.accounts.get("acc_1").full_read is not None
    uid = list(mirror.truth().values())[-1]["event_uid"]
    mirror.change(uid, summary="live")
    mirror.ask()

    mirror.clock.turn(2)
    mirror.drain()

    live = mirror.reports[-1]
    assert (live.outcome.value, live.freshness_s) == ("unfinished", 2.0 + 30 * PAGE_S)
    assert any(each["summary"] == "live" for each in mirror.events.live("acc_1").values())
    assert mirror.accounts.get("acc_1").full_read is not None
    assert len(mirror.queue.messages) == 1
    mirror.settle()
    assert equal(mirror)


def test_a_first_read_that_takes_several_goes_ends_as_well():
    mirror = Mirror(settings=Settings(page_size=4, page_link_lifetime=None))
    mirror.connect(events=0, read=False)
    mirror.provider.control(
        "POST", "accounts/acc_1/events", count=90, every_seconds=86_400, summary="Event"
    )
    read_pages_of(mirror, PAGE_S)
    mirror.ask(kind=Kind.FULL)
    mirror.ask()

    assert "unfinished" in passes(mirror)
    assert equal(mirror)
    assert mirror.accounts.drift["acc_1"] == 0


def test_a_read_asked_for_while_one_is_under_way_is_made_after_it():
    mirror = slow()
    mirror.ask(kind=Kind.FULL)
    mirror.drain()
    mirror.clock.turn(5)
    mirror.ask(kind=Kind.FULL)
    asked_at = mirror.clock()

    mirror.settle()

    assert mirror.accounts.get("acc_1").last_full_read_at >= asked_at
    assert equal(mirror)


def test_a_read_that_was_left_alone_for_long_begins_anew():
    mirror = slow()
    mirror.ask(kind=Kind.FULL)
    mirror.drain()
    mirror.queue.messages.clear()
    mirror.clock.turn(7 * 3600)
    mirror.ask(kind=Kind.CHECK)
    began = mirror.clock()

    mirror.settle()

    assert mirror.accounts.get("acc_1").last_full_read_at >= began
    assert equal(mirror)


def test_a_changed_set_of_calendars_begins_it_anew():
    mirror = slow()
    mirror.ask(kind=Kind.FULL)
    mirror.drain()
    calendar = mirror.provider.control("GET", "accounts/acc_1")["calendars"][1]["calendar_id"]
    mirror.accounts.limit_to("acc_1", (calendar,))

    mirror.settle()

    assert mirror.events.live("acc_1") == {}


def test_short_of_calls_it_keeps_what_it_has():
    mirror = Mirror(
        settings=Settings(page_size=4, page_link_lifetime=None, limits_enabled=False),
        limit=budgets.limit(60),
    )
    mirror.connect(events=0)
    mirror.provider.control("POST", "accounts/acc_1/events", count=400, every_seconds=43_200)
    mirror.ask(kind=Kind.FULL)

    outcomes = passes(mirror, most=2000)

    assert outcomes[-1] == "read"
    assert equal(mirror)


def test_when_the_function_is_about_to_be_stopped_it_stops_cleanly():
    mirror = slow(page_s=0.0)
    calls = iter([False] * 12 + [True] * 1000)
    counts = Counter()
    account = mirror.accounts.get("acc_1")
    opened = visit.to(
        account, mirror.edges, counts, is_background=False, time_is_up=lambda: next(calls)
    )

    asked = messages.request("acc_1", Kind.FULL, now=mirror.clock(), cause="operator")
    with pytest.raises(reading.UnfinishedError):
        reading.everything(opened, [asked])

    assert counts["pages"] <= 13
    assert mirror.accounts.get("acc_1").full_read.left != (WHOLE,)


def test_a_crowded_week_is_read_in_one_go_however_long_it_takes():
    mirror = slow(events=1)
    mirror.provider.control("POST", "accounts/acc_1/events", count=200, every_seconds=600)
    mirror.ask(kind=Kind.FULL)

    assert passes(mirror)[-1] == "read"
    assert equal(mirror)


# --- A second look --------------------------------------------------------------------------


def test_a_notified_read_that_shows_nothing_is_looked_at_once_more():
    mirror = Mirror()
    mirror.connect()
    mirror.provider.control("PATCH", "settings", visibility_lag=90.0)
    uid = next(iter(mirror.truth().values()))["event_uid"]
    mirror.change(uid, summary="late")
    mirror.ask()
    mirror.settle()
    assert mirror.events.writes == 0

    mirror.clock.turn(300)
    assert mirror.reconcile() == 1
    mirror.settle()

    assert equal(mirror)
    (report,) = [each for each in mirror.reports if each.counts["second_looks"]]
    assert (report.counts["second_looks_found"], report.counts["calls"]) == (1, 1)
    assert mirror.accounts.get("acc_1").second_look_since is None


def test_a_second_look_is_the_last():
    mirror = Mirror()
    mirror.connect()
    mirror.ask()
    mirror.settle()
    for _ in range(5):
        mirror.clock.turn(600)
        mirror.reconcile()
        mirror.settle()

    assert sum(report.counts["second_looks"] for report in mirror.reports) == 1
    assert len(mirror.provider.requests) == 2


def test_a_notified_read_that_shows_something_is_not_looked_at_again():
    mirror = Mirror()
    mirror.connect()
    mirror.change(next(iter(mirror.truth().values()))["event_uid"], summary="at once")
    mirror.ask()
    mirror.settle()

    mirror.clock.turn(due.SECOND_LOOK_AFTER.total_seconds() + 600)
    assert mirror.reconcile() == 0
