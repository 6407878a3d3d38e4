"""
A day of a fleet: people edit during office hours, often several things in a row, and every account
is looked at once: its profiles, its channel, its whole window.
"""

from dataclasses import dataclass, field
from random import Random

from cronofy_simulator.settings import Settings
from tests.models.fleet import Fleet, peak, quantile

CALLS_PER_MINUTE, DAY_S = 500, 86_400.0
#: An account's whole window is so many events, on pages of so many.
EVENTS, PAGE = 4, 2
#: Of an account and day: how often somebody sits down at it, and how many edits that is.
SITTINGS, EDITS = 2.5, (1, 1, 1, 2, 2, 3, 5)
#: Between two edits of one sitting, on average.
BETWEEN_S = 20.0
#: How edits lie over the hours of a day (UTC): those of an office, some from elsewhere.
HOURS = (1, 1, 1, 1, 1, 2, 4, 8, 14, 16, 15, 12, 9, 13, 15, 14, 11, 7, 4, 3, 2, 2, 1, 1)
#: A call that each look at an account makes once, and nothing else does.
LISTED = "GET /v1/channels", 200
#: Edits that Cronofy does not notify us of: for the daily read to put right.
UNTOLD = 0.01


@dataclass
class FleetDay:
    """
    Attributes:
        began: midnight, in seconds since the epoch.
        edits: how many there were.
        untold: those of them that nobody was notified of: account, and when.
    """

    accounts: int
    edits: int = 0
    untold: list = field(default_factory=list)
    fleet: Fleet = field(init=False)
    began: float = field(init=False)

    def __post_init__(self):
        self.fleet = Fleet(
            settings=Settings(page_size=PAGE, calls_per_minute=CALLS_PER_MINUTE),
            calls_per_minute=CALLS_PER_MINUTE,
        )
        # Half a day before midnight: everybody's next look falls into the day.
        self.ids = self.fleet.connect(self.accounts, events=EVENTS)
        self.fleet.crew.run(self.fleet.clock().timestamp() + DAY_S / 2)
        self.began = self.fleet.clock().timestamp()

    def run(self):
        """Let the day pass, and ten minutes more for what is under way; return self."""
        rng = Random(1)
        for account_id in self.ids:
            self._plan(account_id, rng)
        self.fleet.ring_every(self.began + 30, self.began + DAY_S + 600)
        self.fleet.crew.run(self.began + DAY_S + 600)
        return self

    def _plan(self, account_id, rng):
        for _ in range(round(rng.expovariate(1 / SITTINGS))):
            (hour,) = rng.choices(range(24), HOURS)
            at = self.began + hour * 3600 + rng.uniform(0, 3600)
            for _ in range(rng.choice(EDITS)):
                which, is_untold = rng.randrange(EVENTS), rng.random() < UNTOLD
                self.edits += 1
                self.untold += [(account_id, at)] if is_untold else []
                self.fleet.crew.at(at, self._edit(account_id, which, is_untold))
                at += rng.expovariate(1 / BETWEEN_S)

    def _edit(self, account_id, which, is_untold):
        return lambda: self.fleet.provider.edit(account_id, which, quiet=is_untold)

    @property
    def calls_of_an_account(self):
        """Return how many there were, on average."""
        return len(self.fleet.provider.called_at) / self.accounts

    @property
    def whole_reads(self):
        """Return how many accounts the clock had read whole, with their profiles and channels."""
        counts = self.fleet.provider.simulator.world.calls.counts
        return sum(n for (call, _, status), n in counts.items() if (call, status) == LISTED)

    @property
    def drift(self):
        """Return how many rows the daily reads had to put right."""
        return sum(told.report.counts.get("drift", 0) for told in self.fleet.told)

    @property
    def messages(self):
        """Return how many left the queue."""
        reports = [told.report for told in self.fleet.told]
        left = [each for each in reports if each.outcome not in ("put_back", "spaced")]
        return sum(each.counts["messages"] for each in left)

    def told(self):
        """Return what the day showed, line by line."""
        called_at, outcomes = self.fleet.provider.called_at, self.fleet.outcomes()
        live = self.fleet.freshness(set(self.ids))
        fresh = [f"p{part} {quantile(live, part / 100):.1f} s" for part in (50, 99)]
        return "\n  ".join(
            [
                f"{self.accounts} accounts, a day",
                f"edits: {self.edits}, of them {len(self.untold)} that nobody was notified of",
                f"calls: {len(called_at)}, {self.calls_of_an_account:.1f} an account",
                f"calls a minute: {len(called_at) / 1440:.0f} on average, {self.peak} at most",
                f"answers of 429: {len(self.fleet.provider.throttled())}",
                f"notifications: {self.fleet.notified['change']}",
                f"messages: {self.messages}, reads: {outcomes['read']}, {self.saved} saved",
                f"daily reads: {self.whole_reads}, rows that they put right: {self.drift}",
                f"freshness: {', '.join(fresh)}, {live[-1]:.1f} s at most",
            ]
        )

    @property
    def peak(self):
        """Return the most calls within any minute."""
        return peak(self.fleet.provider.called_at, 60)

    @property
    def saved(self):
        """Return how many reads the notifications would have cost one by one, and did not."""
        return self.fleet.notified["change"] - len(self.fleet.freshness(set(self.ids)))
