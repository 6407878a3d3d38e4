"""
Work for three times as many calls as there are: accounts whose people edit now and then, some that
are edited without a pause, and a fleet that is due for a look.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from random import Random

from calendar_mirror import budgets
from cronofy_simulator.settings import Settings
from tests.models.fleet import Fleet, peak, quantile

CALLS_PER_MINUTE = 500
#: What we allow ourselves of it.
BUDGET = 60 / budgets.limit(CALLS_PER_MINUTE).interval_s
#: Edited once in so many seconds, on average.
QUIET, QUIET_EVERY_S = 900, 180.0
NOISY, NOISY_EVERY_S = 20, 2.0
#: Due for a look from the beginning, which takes so many calls: an outage lies behind them.
DUE, CALLS_OF_A_LOOK = 1_200, 3
EVENTS, MINUTES = 3, 6


@dataclass
class Load:
    """
    A run under load, and what it showed.

    Attributes:
        is_spaced: whether a noisy account's reads are.
        limit: calls a minute that Cronofy takes at first; it told us `CALLS_PER_MINUTE`.
        began: seconds since the epoch.
        edits: how many there were, each of which Cronofy notifies us of.
    """

    is_spaced: bool = True
    limit: int = CALLS_PER_MINUTE
    edits: int = 0
    fleet: Fleet = field(init=False)
    began: float = field(init=False)

    def __post_init__(self):
        self.fleet = Fleet(
            settings=Settings(calls_per_minute=self.limit, expires_in=7 * 86_400),
            calls_per_minute=CALLS_PER_MINUTE,
            is_spaced=self.is_spaced,
        )
        self.quiet, self.noisy, self.due = map(self._connected, (QUIET, NOISY, DUE))
        self.fleet.clock.turn(86_400 * 1.5)
        self.began = self.fleet.clock().timestamp()
        self.fleet.accounts.looks = dict.fromkeys(self.due, self.fleet.clock())

    def _connected(self, number):
        return self.fleet.connect(number, events=EVENTS)

    def run(self, *, minutes=26, limits=()):
        """
        Edit for `MINUTES`, and go on until so many minutes have passed; return self.

        Args:
            limits: what Cronofy takes from a minute on, as pairs.
        """
        rng, crew = Random(1), self.fleet.crew
        for group, every_s in ((self.quiet, QUIET_EVERY_S), (self.noisy, NOISY_EVERY_S)):
            for account_id in group:
                at = self.began + rng.expovariate(1 / every_s)
                while at < self.began + MINUTES * 60:
                    self.edits += 1
                    crew.at(at, self._edit(account_id, rng.randrange(EVENTS)))
                    at += rng.expovariate(1 / every_s)
        for minute, limit in limits:
            crew.at(self.began + minute * 60, lambda limit=limit: self._take(limit))
        ends = self.began + minutes * 60
        self.fleet.ring_every(self.began + 30, ends)
        crew.run(ends)
        return self

    def _edit(self, account_id, which):
        return lambda: self.fleet.provider.edit(account_id, which)

    def _take(self, limit):
        world = self.fleet.provider.simulator.world
        world.settings = replace(world.settings, calls_per_minute=limit)

    @property
    def offered(self):
        """Return how many calls a minute the work would take if nothing were merged."""
        return (self.edits + DUE * CALLS_OF_A_LOOK) / MINUTES

    @property
    def calls(self):
        """Return how many calls there were in each minute."""
        made = Counter(int((at - self.began) // 60) for at in self.fleet.provider.called_at)
        return [made[minute] for minute in range(max(made) + 1)]

    @property
    def throttled_s(self):
        """Return when Cronofy answered 429, in seconds since the beginning."""
        return [at - self.began for at in self.fleet.provider.throttled()]

    def live(self, account_ids):
        """Return the freshness of what Cronofy notified us of, sorted."""
        return self.fleet.freshness(set(account_ids))

    def background(self):
        """Return how long the looks took that `reconcile` asked for, sorted."""
        return self.fleet.freshness(set(self.due), is_live=False)

    def told(self):
        """Return what the run showed, line by line."""
        called_at, outcomes = self.fleet.provider.called_at, self.fleet.outcomes()
        spaced = "spaced" if self.is_spaced else "not spaced"
        lines = [f"{QUIET + NOISY + DUE} accounts, {MINUTES} minutes; noisy ones are {spaced}"]
        lines.append(f"calls offered: {self.offered:.0f} a minute, our budget is {BUDGET:.0f}")
        lines.append(f"calls: {len(called_at)}, at most {peak(called_at, 60)} a minute")
        lines.append(f"answers of 429: {len(self.throttled_s)}")
        lines.append(f"notifications: {self.edits}")
        lines += [f"{what}: {outcomes[what]}" for what in ("read", "spaced", "put_back")]
        for name, found in (
            (f"{QUIET} quiet accounts", self.live(self.quiet)),
            (f"{NOISY} noisy accounts", self.live(self.noisy)),
            (f"{DUE} accounts that are due", self.background()),
        ):
            parts = [f"p{part} {quantile(found, part / 100):.1f} s" for part in (50, 90, 99)]
            lines.append(f"freshness of {name}: {', '.join(parts)}")
        lines.append(f"p99 of noisy accounts is {self.ratio:.2f} times that of quiet ones")
        return "\n  ".join(lines)

    @property
    def ratio(self):
        """Return by how much noisy accounts wait longer than quiet ones."""
        return quantile(self.live(self.noisy), 0.99) / quantile(self.live(self.quiet), 0.99)
