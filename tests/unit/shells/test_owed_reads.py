"""What an account is owed is not lost with the message that asks for it."""

import json
from dataclasses import replace

import pytest

from calendar_mirror import messages, queries
from calendar_mirror.accounts import Account, Tokens
from calendar_mirror.messages import Kind
from cronofy_simulator.settings import Settings
from tests.models.mirror import PUBLIC_URL, Mirror

MINUTE, HOUR, DAY = 60, 3600, 86_400


def equal(mirror):
    return mirror.events.live("acc_1") == mirror.truth()


def summaries(mirror):
    return {event["summary"] for event in mirror.events.live("acc_1").values()}


def ring(mirror, seconds):
    """Let time pass, with the clock ringing every five minutes."""
    for _ in range(int(seconds / (5 * MINUTE))):
        mirror.reconcile()
        mirror.settle()
        mirror.clock.turn(5 * MINUTE)


def lose_a_change(mirror):
    """Change an event of which nobody is told, and delete another."""
    first, second, *_ = mirror.truth().values()
    mirror.change(first["event_uid"], summary="changed unheard")
    mirror.provider.control("DELETE", f"accounts/acc_1/events/{second['event_uid']}")


def connect_anew(mirror):
    """Do all that `connect` does but for its message: it was stopped before."""
    given = mirror.provider.control("POST", "accounts/acc_1/tokens")
    tokens = Tokens(given["refresh_token"], given["access_token"], scope=given["scope"])
    assert mirror.accounts.connect(Account("acc_1", "us", tokens), connected_at=mirror.clock())

    class Fresh:
        def access_token(self):
            return tokens.access

    address = queries.callback_url(PUBLIC_URL, "acc_1")
    channel = mirror.cronofy().create_channel(address, Fresh())
    mirror.accounts.remember_channel("acc_1", channel)


def test_a_reconnect_whose_first_message_is_lost_heals_when_the_clock_rings():
    mirror = Mirror(settings=Settings(revoke_closes_channels=True))
    mirror.connect()
    mirror.provider.control("POST", "accounts/acc_1/tokens/revoke")
    lose_a_change(mirror)
    mirror.clock.turn(2 * HOUR)
    connect_anew(mirror)

    ring(mirror, 5 * MINUTE)

    assert equal(mirror)


def test_a_resume_whose_messages_are_lost_heals_when_the_clock_rings():
    mirror = Mirror()
    mirror.connect()
    mirror.accounts.pause("acc_1")
    lose_a_change(mirror)
    mirror.clock.turn(2 * HOUR)
    mirror.accounts.resume("acc_1", due_at=mirror.clock())

    ring(mirror, 5 * MINUTE)

    assert equal(mirror)


def test_a_reconnect_is_read_for_once():
    mirror = Mirror()
    mirror.connect()
    connect_anew(mirror)
    mirror.clock.turn(1)
    mirror.forget()

    ring(mirror, 3 * HOUR)

    assert len(mirror.provider.reads()) == 1


def test_a_pause_amid_a_check_leaves_nothing_due():
    mirror = Mirror()
    mirror.connect()
    mirror.clock.turn(1.4 * DAY)

    def pause(_):
        mirror.provider.before = lambda request: None
        mirror.accounts.pause("acc_1")

    mirror.provider.before = pause
    mirror.reconcile()
    mirror.settle()
    mirror.forget()
    ring(mirror, DAY)

    assert mirror.accounts.get("acc_1").is_paused
    assert mirror.reports == []


@pytest.mark.parametrize("beside", [(), (Kind.PROFILES,), (Kind.CHECK,)])
def test_a_second_look_comes_whatever_came_with_the_notification(beside):
    mirror = Mirror()
    mirror.connect()
    world = mirror.provider.simulator.world
    world.settings = replace(world.settings, visibility_lag=30.0, notify_before_visible=True)
    mirror.change(next(iter(mirror.truth().values()))["event_uid"], summary="late")
    mirror.clock.turn(1)
    for kind in (Kind.DELTA, *beside):
        mirror.ask(kind=kind)
    mirror.settle()
    assert "late" not in summaries(mirror)

    ring(mirror, 10 * MINUTE)

    assert "late" in summaries(mirror)


def test_an_erased_account_that_is_connected_anew_tells_of_it_under_ids_of_its_own():
    mirror = Mirror()
    mirror.connect()
    for _ in range(2):
        erase = messages.request("acc_1", Kind.ERASE, now=mirror.clock(), cause="operator")
        mirror.send(erase)
        mirror.settle()
        mirror.clock.turn(MINUTE)
        given = mirror.provider.control("POST", "accounts/acc_1/tokens")
        tokens = Tokens(given["refresh_token"], given["access_token"])
        mirror.accounts.add(Account("acc_1", "us", tokens), added_at=mirror.clock())
        mirror.ask(kind=Kind.FULL)
        mirror.settle()
        mirror.clock.turn(MINUTE)

    told = [
        (each.change.value, json.loads(each.detail)["change_id"]) for each in mirror.bus.entries
    ]
    assert len(told) == 5
    assert len({change_id for _, change_id in told}) == 5


def test_a_delta_of_fewer_pages_than_it_names_is_read_once_more():
    mirror = Mirror(settings=Settings(page_size=2))
    mirror.connect(events=6)
    for event in mirror.truth().values():
        mirror.change(event["event_uid"], summary="new")

    def shortened(request, answer):
        if not request.path.startswith("/v1/events") or answer.status != 200:
            return answer
        document = json.loads(answer.body)
        document["pages"].pop("next_page", None)
        return replace(answer, body=json.dumps(document).encode())

    mirror.provider.rewrite = shortened
    mirror.ask()
    mirror.settle()
    assert not equal(mirror)
    mirror.provider.rewrite = lambda request, answer: answer

    ring(mirror, 10 * MINUTE)

    assert equal(mirror)
