"""The worker is stopped before or after any one call to the outside: nothing is lost or revived."""

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import takewhile

import pytest

from calendar_mirror.accounts import State
from calendar_mirror.attending import Attendant
from calendar_mirror.cronofy import Cronofy
from calendar_mirror.messages import Kind
from cronofy_simulator.settings import Settings
from tests.models.cronofy import URL
from tests.models.mirror import Mirror

#: More than any of the runs below takes.
MOST_STEPS = 200


class StoppedError(BaseException):
    """The worker is gone; nothing of ours may catch this."""


@dataclass
class Steps:
    """Counts the moments just before and just after each call, and stops the worker at one."""

    stop_at: int
    taken: int = 0

    def take(self):
        self.taken += 1
        if self.taken == self.stop_at:
            raise StoppedError


class Stepped:
    """An edge whose calls are steps."""

    def __init__(self, edge, steps):
        self._edge, self._steps = edge, steps

    def __getattr__(self, name):
        method = getattr(self._edge, name)

        def stepped(*args, **kwargs):
            self._steps.take()
            answer = method(*args, **kwargs)
            self._steps.take()
            return answer

        return stepped


class SteppedEvents(Stepped):
    """An events table in which a batch can be written in part."""

    def write(self, records, *, synced_at):
        for record in records:
            self._steps.take()
            self._edge.write([record], synced_at=synced_at)
        self._steps.take()
        return 0

    def erase(self, keys):
        for key in keys:
            self._steps.take()
            self._edge.erase([key])
        self._steps.take()


def stopped(mirror, stop_at):
    """Hand one batch to a worker that stops at a step. Tell whether it came to that."""
    steps, healthy = Steps(stop_at), mirror.worker
    session = mirror.provider.session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, Stepped(mirror.provider, steps))
    edges = replace(
        mirror.edges,
        accounts=Stepped(mirror.accounts, steps),
        events=SteppedEvents(mirror.events, steps),
        erasures=Stepped(mirror.erasures, steps),
        dead_letters=Stepped(mirror.queue, steps),
        bus=Stepped(mirror.bus, steps),
        cronofy=lambda *_: Cronofy(URL, session, mirror.clock),
    )
    mirror.worker = replace(
        healthy,
        queue=Stepped(mirror.queue, steps),
        settle=Attendant(edges),
    )
    try:
        mirror.drain()
    except StoppedError:
        return True
    finally:
        mirror.worker = healthy
    return False


def uids(mirror):
    return [event["event_uid"] for event in mirror.truth().values()]


def new_account(settings):
    """An account that has neither a channel nor a row yet."""
    mirror = Mirror(settings=settings)
    mirror.connect(events=7, read=False)
    mirror.ask(kind=Kind.FULL)
    return mirror


def changed_account(settings):
    """An account with changes of every kind to be read, and an access token that has expired."""
    mirror = Mirror(settings=settings)
    made = mirror.connect(events=8)
    one, two, three, four, *_ = uids(mirror)
    mirror.change(one, summary="renamed")
    mirror.change(two, calendar_id=made["calendars"][1]["calendar_id"])
    mirror.change(three, move_seconds=7200)
    mirror.provider.control("DELETE", f"accounts/acc_1/events/{four}")
    mirror.provider.control("POST", "accounts/acc_1/events", count=2, summary="made")
    mirror.provider.control("POST", "accounts/acc_1/tokens/expire")
    mirror.ask()
    return mirror


def throttled_account(settings):
    """An account whose messages have to be put back."""
    mirror = changed_account(settings)
    mirror.provider.control("POST", "faults", kind="status", status=429, count=1)
    return mirror


def unintelligible_account(settings):
    """An account that has to set a message aside, and to read for another."""
    mirror = changed_account(settings)
    mirror.queue.send(group="acc_1", body="not a message", deduplication_id="1")
    return mirror


def settled_after_a_stop(prepare, settings, stop_at):
    """
    Stop at one step, make more changes of which nobody is told, and go on; ``None``: it never came
    to that step.
    """
    mirror = prepare(settings)
    if not stopped(mirror, stop_at):
        return None
    mirror.clock.turn(timedelta(minutes=1).total_seconds())
    first, second, *_ = uids(mirror)
    mirror.provider.control("DELETE", f"accounts/acc_1/events/{first}")
    mirror.change(second, summary="changed after the stop")
    mirror.settle()
    return mirror


@pytest.mark.parametrize(
    ("prepare", "fewest_steps", "dead"),
    [
        (new_account, 16, ()),
        (changed_account, 20, ()),
        (throttled_account, 4, ()),
        (unintelligible_account, 20, ("not a message",)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_stop_between_any_two_calls_loses_nothing_and_revives_nothing(
    prepare, fewest_steps, dead
):
    settings = Settings(page_size=4, refresh_rotates=False)
    for stop_at in range(1, MOST_STEPS):
        mirror = settled_after_a_stop(prepare, settings, stop_at)
        if mirror is None:
            break
        assert mirror.events.live("acc_1") == mirror.truth(), f"stopped at step {stop_at}"
        assert mirror.accounts.get("acc_1").state is State.CONNECTED
        assert {delivery.body for delivery, _ in mirror.queue.dead} == set(dead)
    assert fewest_steps < stop_at < MOST_STEPS - 1


@pytest.mark.parametrize(("grace", "moments"), [(0.0, 2), (None, 0)])
def test_a_rotated_refresh_token_that_was_never_stored_is_the_users_to_heal_and_is_told(
    grace, moments
):
    """Between Cronofy's answer and our store there is no way not to lose it."""
    settings = Settings(page_size=4, old_refresh_token_grace=grace)
    runs = (settled_after_a_stop(changed_account, settings, n) for n in range(1, MOST_STEPS))
    mirrors = list(takewhile(lambda mirror: mirror is not None, runs))
    lost = [m for m in mirrors if m.accounts.get("acc_1").state is State.NEEDS_USER]

    assert len(lost) == moments
    assert {m.accounts.get("acc_1").state_reason for m in lost} <= {"invalid_grant"}
    assert all(m.events.live("acc_1") == m.truth() for m in mirrors if m not in lost)
