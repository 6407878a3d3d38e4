"""The worker, with the simulator's core, a model queue and model tables around it."""

from collections import Counter
from datetime import timedelta
from random import Random
from uuid import uuid4

from calendar_mirror import messages, reconcile, sync
from calendar_mirror.accounts import Account, Tokens
from calendar_mirror.admission import Admission
from calendar_mirror.attending import Attendant
from calendar_mirror.credentials import ClientCredentials
from calendar_mirror.cronofy import Cronofy
from calendar_mirror.messages import Kind, Message
from calendar_mirror.visit import Edges
from tests.models.cronofy import URL, Clock, Provider
from tests.models.fifo_queue import FifoQueue
from tests.models.tables import Accounts, Budget, Bus, Erasures, Events

PUBLIC_URL = "https://example.com"
CLIENT = ClientCredentials("simulator_client", ("CRN_simulator_secret",))


class Mirror:
    """One worker. `drain` hands it what the queue has; `settle` goes on until nothing is left."""

    def __init__(self, *, delay_s=0.0, settings=None, limit=None):
        self.clock = Clock()
        self.provider = Provider(self.clock, settings)
        self.queue = FifoQueue(lambda: self.clock().timestamp(), delay_s)
        self.accounts, self.events = Accounts(), Events()
        self.erasures, self.bus, self.budget = Erasures(), Bus(), Budget(self.clock, limit)
        self.reports = []
        self.edges = Edges(
            accounts=self.accounts,
            events=self.events,
            erasures=self.erasures,
            dead_letters=self.queue,
            bus=self.bus,
            cronofy=self.cronofy,
            client=lambda _: CLIENT,
            now=self.clock,
            public_url=PUBLIC_URL,
            overlap=timedelta(seconds=120),
        )
        self.worker = sync.Drain(
            queue=self.queue,
            settle=Attendant(self.edges),
            now=self.clock,
            rng=Random(1),
            report=self.reports.append,
            headroom=self.budget.headroom,
        )

    def cronofy(self, data_center="us", is_background=False):
        admission = Admission(
            self.budget, data_center, self.clock.turn, is_background=is_background
        )
        return Cronofy(URL, self.provider.session(), self.clock, admit=admission)

    def reconcile(self, most=100):
        """Let the clock ring once; return how many accounts are asked for."""
        return reconcile.ask_all(self.accounts, self.send_all, now=self.clock(), most=most)

    def send_all(self, batch):
        """Send a batch; return what was not taken."""
        for message in batch:
            self.send(message)
        return ()

    def send(self, message):
        unique = uuid4().hex
        return self.queue.send(
            group=message.account_id,
            body=messages.encode(message),
            deduplication_id=messages.deduplication_id(message, unique=unique),
        )

    def connect(self, account_id="acc_1", events=3, *, read=True):
        """Open an account at the simulator with some events, put it in place, and read it."""
        made = self.provider.control("POST", "accounts", account_id=account_id, calendars=2)
        if events:
            self.provider.control(
                "POST", f"accounts/{account_id}/events", count=events, summary="Event"
            )
        tokens = Tokens(made["refresh_token"], made["access_token"])
        self.accounts.add(Account(account_id, "us", tokens), added_at=self.clock())
        if read:
            self.ask(account_id, Kind.FULL)
            self.settle()
            self.clock.turn(600)
            self.forget()
        return made

    def forget(self):
        """Count anew."""
        self.provider.requests.clear()
        self.reports.clear()
        self.events.writes = 0

    def ask(self, account_id="acc_1", kind=Kind.DELTA, *, since=None, merge=timedelta(0)):
        """Put a message on the queue, as `receive` does now."""
        now = self.clock()
        since = (since or now.replace(microsecond=0)) if kind is Kind.DELTA else None
        until = messages.bucket_end(now, merge)
        return self.send(Message(account_id, kind, since, now, until, "change"))

    def drain(self):
        """Hand one batch to the worker; return how many messages it was."""
        batch = self.queue.receive()
        again = set(self.worker(batch)) if batch else set()
        for delivery in batch:
            if delivery.message_id not in again:
                self.queue.delete(delivery)
        return len(batch)

    def settle(self, *, most=1000):
        """Work, and turn the clock to the next message, until none is left."""
        for _ in range(most):
            if self.drain():
                continue
            at = self.queue.next_visible_at()
            if at is None:
                return
            self.clock.turn(max(0.001, at - self.clock().timestamp()))
        raise AssertionError("the queue does not become empty")

    def change(self, uid, account_id="acc_1", **fields):
        return self.provider.control("PATCH", f"accounts/{account_id}/events/{uid}", **fields)

    def truth(self, account_id="acc_1"):
        """Return what the calendars hold, as `Events.live` gives what the table holds."""
        found = self.provider.control("GET", f"accounts/{account_id}/events")["events"]
        return {f"{e['calendar_id']}#{e['event_uid']}": e for e in found if not e["deleted"]}

    def outcomes(self):
        return Counter(report.outcome.value for report in self.reports)
