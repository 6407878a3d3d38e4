"""The worker may stop between any two calls: nothing is lost, nothing is revived."""

from dataclasses import replace
from functools import partial

import pytest

from calendar_mirror import reading
from calendar_mirror.messages import Kind
from cronofy_simulator.settings import Settings
from tests.models.mirror import Mirror

#: A refresh token that was replaced still works: else a stop right after a refresh costs the grant.
LENIENT = Settings(page_size=5, old_refresh_token_grace=None)
STRICT = Settings(page_size=5)


class StoppedError(BaseException):
    """The process ends here: no handler of ours sees it."""


class Tables:
    """A table of which each call is counted, before it and after."""

    def __init__(self, table, tick):
        self._table, self._tick = table, tick

    def __getattr__(self, name):
        called = getattr(self._table, name)

        def call(*args, **named):
            self._tick()
            answer = called(*args, **named)
            self._tick()
            return answer

        return call


class Stopping:
    """Changes of every kind, read by a worker that stops at the moment numbered *at*, if any."""

    def __init__(self, settings, at=None):
        self.mirror, self.at, self.moments = Mirror(settings=settings), at, 0
        mirror = self.mirror
        made = mirror.connect(events=12)
        self.uids = [event["event_uid"] for event in mirror.truth().values()]
        first, second, third, *_ = self.uids
        mirror.change(first, summary="renamed")
        mirror.change(second, calendar_id=made["calendars"][1]["calendar_id"])
        mirror.provider.control("DELETE", f"accounts/acc_1/events/{third}")
        mirror.provider.control("POST", "accounts/acc_1/events", count=6, summary="new")
        mirror.provider.control("POST", "accounts/acc_1/tokens/expire")
        mirror.ask(kind=Kind.FULL)
        mirror.ask()
        mirror.provider.before = lambda _: self.tick()
        edges = replace(
            mirror.edges,
            accounts=Tables(mirror.accounts, self.tick),
            events=Tables(mirror.events, self.tick),
        )
        mirror.worker = replace(mirror.worker, settle=partial(reading.bring_up_to_date, edges))

    def tick(self):
        self.moments += 1
        if self.moments == self.at:
            raise StoppedError

    def run(self):
        """Work until the stop, then go on as another instance of the function would."""
        try:
            self.mirror.settle()
        except StoppedError:
            self.mirror.settle()

    def is_equal(self):
        return self.mirror.events.live("acc_1") == self.mirror.truth()


def moments(settings):
    undisturbed = Stopping(settings)
    undisturbed.run()
    return range(1, undisturbed.moments + 1)


def test_wherever_the_worker_stops_the_table_becomes_the_calendar():
    tried = moments(LENIENT)
    assert len(tried) > 20

    for at in tried:
        stopped = Stopping(LENIENT, at)
        stopped.run()
        assert stopped.is_equal(), f"stopped at moment {at}"
        assert stopped.mirror.queue.dead == []
        assert stopped.mirror.outcomes()["needs_user"] == 0


def test_where_cronofy_forgets_the_old_refresh_token_at_once_a_stop_can_cost_the_grant_alone():
    costly = []
    for at in moments(STRICT):
        stopped = Stopping(STRICT, at)
        stopped.run()
        if not stopped.is_equal():
            costly.append(at)
            assert stopped.mirror.accounts.get("acc_1").state_reason == "invalid_grant"

    assert len(costly) == 1


@pytest.mark.parametrize("settings", [LENIENT, STRICT], ids=["lenient", "strict"])
def test_undisturbed_everything_is_read_in_one_go(settings):
    undisturbed = Stopping(settings)
    undisturbed.run()

    assert undisturbed.is_equal()
    assert undisturbed.mirror.outcomes() == {"read": 1}
