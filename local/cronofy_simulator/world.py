"""All of the simulator's state in one place. Functions that need several parts take the world."""

import random
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from cronofy_simulator.clock import Clock
from cronofy_simulator.identifiers import hexadecimal
from cronofy_simulator.settings import Settings
from cronofy_simulator.state.accounts import Account
from cronofy_simulator.state.calls import CallLog
from cronofy_simulator.state.channels import ChannelBook
from cronofy_simulator.state.deliveries import Outbox
from cronofy_simulator.state.faults import FaultBook
from cronofy_simulator.state.limits import RateLimiter
from cronofy_simulator.state.pages import PageBook
from cronofy_simulator.state.pending import PendingChanges
from cronofy_simulator.state.tokens import TokenBook


@dataclass(slots=True)
class World:
    clock: Clock
    now: datetime
    rng: random.Random
    settings: Settings
    accounts: dict[str, Account]
    tokens: TokenBook
    channels: ChannelBook
    pages: PageBook
    pending: PendingChanges
    outbox: Outbox
    limiter: RateLimiter
    faults: FaultBook
    calls: CallLog

    @classmethod
    def new(cls, clock: Clock, settings: Settings, rng: random.Random) -> Self:
        return cls(
            clock=clock,
            now=clock(),
            rng=rng,
            settings=settings,
            accounts={},
            tokens=TokenBook(rng),
            channels=ChannelBook(),
            pages=PageBook(rng),
            pending=PendingChanges(),
            outbox=Outbox(),
            limiter=RateLimiter(),
            faults=FaultBook(rng),
            calls=CallLog(),
        )

    def tick(self) -> None:
        """At the beginning of whatever happens: one instant for all of it."""
        self.now = self.clock()

    def mint(self, prefix: str) -> str:
        return hexadecimal(self.rng, prefix)

    def close_channel(self, channel_id: str, reason: str) -> None:
        """What it still waits to be told, it will not be told."""
        self.channels.close(self.channels.channels[channel_id], reason)
        self.pending.drop(channel_id)
        self.outbox.drop(channel_id)
