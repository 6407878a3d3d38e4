"""A run, from the history to what was found wrong."""

from collections import Counter
from dataclasses import dataclass, field
from functools import partial

from calendar_mirror.messages import Kind
from tests.simulation.histories import History, draw
from tests.simulation.oracle import ANY_READ, FULL_READ, NOTHING, Watch
from tests.simulation.people import People
from tests.simulation.world import World

#: Seconds: until all is quiet, and until everybody had a full read by the clock.
QUIET_S, ROUND_S = 5 * 86400, 2 * 86400


@dataclass
class Result:
    """
    Attributes:
        faults: how many struck, by kind.
        entries: what was put on the bus.
    """

    history: History
    divergences: list
    steps: int
    calls: int
    faults: Counter = field(default_factory=Counter)
    entries: list = field(default_factory=list)


def run(history):
    """Run a history to its end."""
    watch = Watch()
    world = World(history, watch)
    _Run(world, watch, People(world)).go()
    faults = Counter(world.weather.struck)
    for fault in world.given:
        faults[f"Cronofy: {fault.kind}"] += fault.struck
    faults["Cronofy: links that expire early"] += history.settings.get("page_link_lifetime") == 1.0
    calls = len(world.provider.requests)
    return Result(history, watch.divergences, world.steps, calls, +faults, world.bus.entries)


def run_seed(seed):
    return run(draw(seed))


class _Run:
    def __init__(self, world, watch, people):
        self.world, self.watch, self.people = world, watch, people

    def go(self):
        self._begin()
        for operation in self.world.history.operations:
            self.world.timeline.after(operation.at_s, partial(self.people.do, operation))
        last = max((each.at_s for each in self.world.history.operations), default=0)
        self.world.timeline.wait(last + 1)
        self._end_the_troubles()
        self._check(NOTHING)
        self.watch.check_promises()
        self._nudge()
        self._check(ANY_READ)
        self._let_the_clock_come_round()
        self._check(FULL_READ)
        self._read_once_more()
        self.watch.check_feed()

    def _begin(self):
        history = self.world.history
        for number in range(1, history.accounts + 1):
            account_id = f"acc_{number}"
            self.world.control("POST", "accounts", account_id=account_id, calendars=2)
            self.world.control(
                "POST", f"accounts/{account_id}/events", count=history.events, summary="Event"
            )
            self.world.connect(account_id)

    def _end_the_troubles(self):
        """Faults end, who has to connect anew does, and what is under way arrives."""
        world = self.world
        world.wait_for_no_visit()
        world.weather.clear()
        world.control("DELETE", "faults")
        world.is_reconciling = False
        world.set(visibility_lag=0.0, notification_delay=0.0)
        for account_id, account in world.simulator.world.accounts.items():
            self.people.account_id, self.people.account = account_id, account
            self.people.complete_the_initial_sync(0)
            self.people.reconnect_a_profile(0)
            if (item := world.tables["accounts"].items.get((account_id,))) and item.get("paused"):
                self.people.resume(0)
        self._rest()
        for account_id in list(self.watch.check_grants(self._is_lossy())):
            world.connect(account_id, self.watch.connected)
        self._rest()

    def _is_lossy(self):
        """Tell whether a refresh may have got lost in a fault."""
        history = self.world.history
        grace = history.settings["old_refresh_token_grace"]
        has_faults = any(each.kind in ("trouble", "provider fails") for each in history.operations)
        expires = any(each.details.get("kind") == "expire_access" for each in history.operations)
        return has_faults and (
            expires or (history.settings["refresh_rotates"] and grace is not None)
        )

    def _rest(self):
        self.world.arm_worker()
        self.world.arm_courier()
        self.world.timeline.rest(QUIET_S)
        if self.world.queue.messages:
            self.watch.diverges("the queue does not become empty")
        if not self.world.stream.is_empty:
            self.watch.diverges("the stream is not published")

    def _check(self, most):
        self.world.simulator.world.tick()
        self.watch.compare(most)

    def _nudge(self):
        """One more change, of which we are told, lets everybody catch up."""
        for account_id, account in self.world.simulator.world.accounts.items():
            calendars = account.live_calendars()
            if calendars:
                self.world.control(
                    "POST",
                    f"accounts/{account_id}/events",
                    summary="One more",
                    calendar_id=self._wanted(account_id, calendars),
                )
        self._rest()

    def _wanted(self, account_id, calendars):
        item = self.world.tables["accounts"].items.get((account_id,), {})
        known = [each.calendar_id for each in calendars]
        wanted = [each for each in item.get("calendars", ()) if each in known]
        return (wanted or known)[0]

    def _let_the_clock_come_round(self):
        self.world.is_reconciling = True
        self.world.arm_reconcile()
        self.world.timeline.wait(ROUND_S)
        self.world.is_reconciling = False
        self._rest()

    def _read_once_more(self):
        """An equal read writes nothing and publishes nothing."""
        world = self.world
        day = world.clock().date()
        for number, kind in enumerate((Kind.FULL, Kind.FULL, Kind.DELTA)):
            entries, stream = len(world.bus.entries), world.stream.count
            for (account_id,) in list(world.tables["accounts"].items):
                world.ask(account_id, kind)
            self._rest()
            if world.clock().date() != day:
                return
            if number and (world.stream.count, len(world.bus.entries)) != (stream, entries):
                self.watch.diverges(f"an equal read ({kind.value}) has written")
