"""Many accounts, many workers: the mirror's own code under a clock of the test's."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from random import Random

from calendar_mirror import budgets, messages, reconcile, sync
from calendar_mirror.admission import Admission
from calendar_mirror.attending import Attendant
from calendar_mirror.cronofy import Cronofy
from calendar_mirror.messages import Kind, Message
from calendar_mirror.records import Key, to_item
from calendar_mirror.reports import Report
from calendar_mirror.visit import Edges
from tests.models.crew import Crew
from tests.models.cronofy import URL
from tests.models.mirror import CLIENT, PUBLIC_URL
from tests.models.quick_queue import QuickQueue
from tests.models.tables import Accounts, Budget, Bus, Erasures, Events, _stored

#: As the template has them: a merge bucket and the queue's delay, how long an invocation lasts
#: before it begins no other account, and how often the clock rings.
MERGE, DELAY_S, INVOCATION_S, EVERY_S = timedelta(seconds=1), 2.0, 80.0, 300.0


class EventsByAccount(Events):
    """Finds an account's rows without looking at all of them."""

    def __init__(self):
        super().__init__()
        self.of = defaultdict(dict)

    def stored(self, keys):
        rows = {key: self.of[key.account_id].get(key.sort_key) for key in keys}
        return {key: _stored(row) for key, row in rows.items() if row}

    def documents(self, keys):
        return {key: self.of[key.account_id][key.sort_key]["event"] for key in keys}

    def rows(self, account_id):
        for _, row in sorted(self.of[account_id].items()):
            yield Key(account_id, row["calendar_id"], row["event_uid"]), _stored(row)

    def write(self, records, *, synced_at):
        for record in records:
            self.writes += 1
            self.of[record.key.account_id][record.key.sort_key] = to_item(
                record, synced_at=synced_at
            )
        return 0

    def live(self, account_id):
        rows = self.of[account_id].items()
        return {key: row["event"] for key, row in rows if not row["deleted"]}


@dataclass(frozen=True)
class Told:
    """
    A report, when it was made, and whether it was about changes that Cronofy notified us of.
    """

    at: float
    is_live: bool
    report: Report


@dataclass
class Fleet:
    """
    Attributes:
        clock: of everybody.
        session: makes a session to Cronofy.
        calls_per_minute: what we were told that Cronofy takes.
        call_s: of virtual time, for each call.
        attend: makes what attends to accounts, of its edges.
        told: every report.
    """

    clock: object
    session: object
    size: int = 10
    calls_per_minute: int = 500
    call_s: float = 0.15
    attend: object = Attendant
    told: list = field(default_factory=list)

    def __post_init__(self):
        self.queue = QuickQueue(lambda: self.clock().timestamp(), DELAY_S)
        self.accounts, self.events, self.bus = Accounts(), EventsByAccount(), Bus()
        self.limit = budgets.limit(self.calls_per_minute)
        self.budget = Budget(self.clock, self.limit)
        self.crew = Crew(self.clock, self.queue.receive, self.queue.next_visible_at)
        self.unique = count()
        for number in range(self.size):
            self.crew.add(self._worker(number))

    def _worker(self, number):
        view = Budget(self.clock, self.limit, self.budget.item)
        session, live = self.session(), [False]

        def cronofy(data_center, is_background):
            admission = Admission(view, data_center, self.crew.sleep, is_background=is_background)
            return Cronofy(URL, session, self.clock, admit=admission)

        attendant = self.attend(
            Edges(
                accounts=self.accounts,
                events=self.events,
                erasures=Erasures(),
                dead_letters=self.queue,
                bus=self.bus,
                cronofy=cronofy,
                client=lambda _: CLIENT,
                now=self.clock,
                public_url=PUBLIC_URL,
                overlap=timedelta(seconds=120),
            )
        )

        def settle(account_id, wanted, counts, time_is_up):
            live[0] = any(message.cause == "change" for message in wanted)
            return attendant(account_id, wanted, counts, time_is_up)

        def report(report):
            self.told.append(Told(self.clock().timestamp(), live[0], report))

        drain = sync.Drain(
            queue=self.queue,
            settle=settle,
            now=self.clock,
            rng=Random(number),
            report=report,
            headroom=view.headroom,
        )

        def work(batch):
            ends = self.clock().timestamp() + INVOCATION_S
            again = set(drain(batch, lambda: self.clock().timestamp() > ends))
            for delivery in batch:
                if delivery.message_id not in again:
                    self.queue.delete(delivery)

        return work

    def notify(self, account_id, since=None):
        """Put a message on the queue, as `receive` does when Cronofy posts now."""
        now = self.clock()
        since = since or now.replace(microsecond=0)
        until = messages.bucket_end(now, MERGE)
        self._send(Message(account_id, Kind.DELTA, since, now, until, "change"))

    def _send(self, message):
        self.queue.send(
            group=message.account_id,
            body=messages.encode(message),
            deduplication_id=messages.deduplication_id(message, unique=f"{next(self.unique)}"),
        )

    def ring(self, most=None):
        """Let the clock of `reconcile` ring; return how many accounts are asked for."""

        def send_all(batch):
            for message in batch:
                self._send(message)
            return ()

        most = most or budgets.looks_within(self.calls_per_minute, int(EVERY_S) // 60)
        return reconcile.ask_all(self.accounts, send_all, now=self.clock(), most=most)

    def ring_every(self, first, until, most=None):
        """Let it ring in intervals."""
        at = first
        while at < until:
            self.crew.at(at, lambda: self.ring(most))
            at += EVERY_S

    def outcomes(self):
        return Counter(told.report.outcome.value for told in self.told)

    def freshness(self):
        """Return the seconds from notifications to rows, sorted."""
        found = (told.report.freshness_s for told in self.told)
        return sorted(each for each in found if each is not None)


def quantile(found, part):
    """Return what *part* of the sorted values do not exceed."""
    return found[min(len(found) - 1, int(len(found) * part))] if found else float("nan")
