"""
Thousands of accounts are imported into a stack whose AWS account allows few concurrent executions
in all, while the calendars that are connected already go on changing.
"""

import json
from dataclasses import dataclass, field
from random import Random

from calmirror import import_files, importing
from cronofy_simulator.settings import Settings
from tests.models.fleet import quantile
from tests.models.shared_concurrency import CrowdedFleet

CALLS_PER_MINUTE = 500
#: What new AWS accounts have. Source: docs/concurrency.md
CONCURRENCY = 10
KNOWN, EVENTS = 100, 1
#: Cronofy is slow: so many seconds for each call, which `sync` spends in its place.
CALL_S = 1.0
#: A calendar that is connected already changes so often, and a user connects one (seconds).
EDITED_EVERY_S, CONNECTED_EVERY_S = 300.0, 30.0
MOST_S = 6 * 3600


@dataclass
class SmallAccount:
    """
    Attributes:
        accounts: how many are imported.
        sync: the parameter SyncConcurrency.
        parallelization: the stream's ParallelizationFactor.
        reserved: the parameter ReceiveReservedConcurrency.
        minutes: how long the import took.
    """

    accounts: int
    sync: int
    parallelization: int
    reserved: int = 0
    concurrency: int = CONCURRENCY
    minutes: float = 0.0
    fleet: CrowdedFleet = field(init=False)

    def __post_init__(self):
        self.fleet = CrowdedFleet(
            settings=Settings(calls_per_minute=CALLS_PER_MINUTE, expires_in=7 * 86_400),
            calls_per_minute=CALLS_PER_MINUTE,
            workers=self.sync,
            call_s=CALL_S,
            concurrency=self.concurrency,
            reserved=self.reserved,
            parallelization=self.parallelization,
        )
        self.known = self.fleet.connect(KNOWN, events=EVENTS)

    def run(self):
        """Import, until every account was read and each notification accepted; return self."""
        began = self.fleet.clock().timestamp()
        self._import()
        self._plan(began)
        self.fleet.ring_every(began, began + MOST_S)
        at = began
        while self.unread and at < began + MOST_S:
            at += 60
            self.fleet.crew.run(at)
        self.minutes = (at - began) / 60
        return self

    def _import(self):
        world = self.fleet.provider
        made = world.control("POST", "accounts", count=self.accounts)["accounts"]
        names = ("account_id", "refresh_token")
        lines = [json.dumps({name: each[name] for name in names}) for each in made]
        for each in made:
            path = f"accounts/{each['account_id']}/events"
            world.control("POST", path, count=EVENTS, summary="Event", quiet=True)
        rows = import_files.read(
            "\n".join(lines).encode(), data_center="us", check_data_center=lambda name: None
        ).rows
        add, clock = self.fleet.accounts.add, self.fleet.clock
        list(importing.store(rows, add, clock, calls_per_minute=CALLS_PER_MINUTE))

    def _plan(self, began):
        rng, crew = Random(1), self.fleet.crew
        edit, lead = self.fleet.provider.edit, self.fleet.lead_a_user

        def edits(account_id):
            edit(account_id, rng.randrange(EVENTS))
            again(EDITED_EVERY_S, lambda: edits(account_id))

        def connects():
            lead()
            again(CONNECTED_EVERY_S, connects)

        def again(every_s, do):
            crew.at(self.fleet.clock().timestamp() + rng.expovariate(1 / every_s), do)

        for account_id in self.known:
            again(EDITED_EVERY_S, lambda account_id=account_id: edits(account_id))
        crew.at(began, connects)

    @property
    def unread(self):
        kept = self.fleet.accounts.kept.values()
        return sum(account.last_read is None for account in kept)

    @property
    def refused(self):
        """Return which part of the attempts to notify us found no place."""
        refused = self.fleet.own.throttled["receive"]
        return refused / (refused + len(self.fleet.waits))

    @property
    def closed(self):
        """Return the channels that Cronofy has closed."""
        channels = self.fleet.provider.simulator.world.channels.channels.values()
        return [channel for channel in channels if not channel.is_open]

    def told(self):
        """Return what the run showed, line by line."""
        fleet, waits = self.fleet, sorted(self.fleet.waits)
        settings = f"SyncConcurrency {self.sync}, ParallelizationFactor {self.parallelization}"
        p99 = quantile(waits, 0.99)
        lines = [f"{self.concurrency} in the AWS account, {self.reserved} reserved; {settings}"]
        lines.append(f"{self.accounts} accounts imported in {self.minutes:.0f} minutes")
        lines.append(f"notifications accepted: {len(waits)}, refused: {self.refused:.1%}")
        lines.append(f"first attempt to acceptance: p99 {p99:.0f} s, {waits[-1]:.0f} s at most")
        lines.append(f"places held at once, at most: {dict(fleet.places.most)}")
        lines.append(f"throttled: {dict(fleet.places.throttled)}")
        return "\n  ".join(lines)
