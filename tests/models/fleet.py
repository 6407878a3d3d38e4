"""Many accounts, many workers: the mirror's own code under a clock of the test's."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from random import Random

from calendar_mirror import budgets, messages, receive, reconcile, sync
from calendar_mirror.accounts import Account, Tokens
from calendar_mirror.admission import Admission
from calendar_mirror.attending import Attendant
from calendar_mirror.budget_table import BudgetTable
from calendar_mirror.client_secrets import ClientSecrets
from calendar_mirror.cronofy import Cronofy
from calendar_mirror.messages import Kind
from calendar_mirror.records import Key, to_item
from calendar_mirror.reports import Report
from calendar_mirror.visit import Edges
from tests.models.crew import Crew
from tests.models.cronofy import URL, Clock
from tests.models.dynamodb import DynamoDB, Table
from tests.models.mirror import CLIENT, PUBLIC_URL
from tests.models.quick_cronofy import QuickCronofy
from tests.models.quick_queue import QuickQueue
from tests.models.tables import Accounts, Bus, Erasures, Events, _stored

#: As the template has them: a merge bucket and the queue's delay, how long an invocation lasts
#: before it begins no other account, how many there are at once, and how often the clock rings.
MERGE, DELAY_S, INVOCATION_S = timedelta(seconds=1), 2.0, 80.0
WORKERS, EVERY_S = 4, 300.0
#: Of virtual time, for each call to Cronofy.
CALL_S = 0.15


class EventsByAccount(Events):
    """
    Finds an account's rows without looking at all of them.

    Attributes:
        written: told of each record, as a stream would be.
    """

    def __init__(self):
        super().__init__()
        self.of = defaultdict(dict)
        self.written = lambda record: None

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
            self.written(record)
        return 0

    def live(self, account_id):
        rows = self.of[account_id].items()
        return {key: row["event"] for key, row in rows if not row["deleted"]}


class QuietBus(Bus):
    """Holds no announcement to the feed's contract: others do, and here are thousands."""

    def publish(self, announcement):
        self.entries.append(announcement)


class Unaware(Admission):
    """Tells nobody what is left of the budget: so no account's reads are spaced."""

    def headroom(self):
        return None


@dataclass(frozen=True)
class Told:
    """
    A report, when it was made, whether it was about changes that Cronofy notified us of, and how
    long ago the first of its messages was received.
    """

    at: float
    is_live: bool
    age_s: float
    report: Report


@dataclass
class Fleet:
    """
    Attributes:
        settings: of Cronofy.
        calls_per_minute: what we were told that Cronofy takes.
        is_spaced: whether a noisy account's reads are.
        workers: how many invocations of `sync` there are at once, at most.
        call_s: how long Cronofy takes to answer a call.
        provider: Cronofy.
        told: every report.
        asked_for: how many accounts each ring of the clock asked for.
    """

    settings: object = None
    calls_per_minute: int = 500
    is_spaced: bool = True
    workers: int = WORKERS
    call_s: float = CALL_S
    told: list = field(default_factory=list)
    asked_for: list = field(default_factory=list)

    def __post_init__(self):
        self.clock = Clock()
        self.provider = QuickCronofy(self.clock, self.settings)
        self.provider.notify = self._admit
        self.queue = QuickQueue(self._seconds, DELAY_S)
        self.accounts, self.events, self.bus = Accounts(), EventsByAccount(), QuietBus()
        self.dynamodb = DynamoDB({"budget": Table(("data_center",))})
        self.crew = Crew(self.clock, self.queue.receive, self.queue.next_visible_at)
        self.secrets = ClientSecrets(lambda: {"us": CLIENT}, self._seconds)
        self.notified, self.unique = Counter(), count()
        for number in range(self.workers):
            self.crew.add(self._worker(number))

    def _seconds(self):
        return self.clock().timestamp()

    def _worker(self, number):
        limit = budgets.limit(self.calls_per_minute)
        budget = BudgetTable(self.dynamodb, "budget", limit, self.clock)
        session = self.provider.session(lambda: self.crew.sleep(self.call_s))
        admitted = Admission if self.is_spaced else Unaware
        received_at, is_live = self.clock(), False

        def cronofy(data_center, is_background):
            admission = admitted(budget, data_center, self.crew.sleep, is_background=is_background)
            return Cronofy(URL, session, self.clock, admit=admission)

        attendant = self._attendant(cronofy)

        def settle(account_id, wanted, counts, time_is_up):
            nonlocal received_at, is_live
            received_at = min(message.received_at for message in wanted)
            is_live = any(message.kind is Kind.DELTA for message in wanted)
            return attendant(account_id, wanted, counts, time_is_up)

        def tell(report):
            age_s = (self.clock() - received_at).total_seconds()
            self.told.append(Told(self._seconds(), is_live, age_s, report))

        drain = sync.Drain(
            queue=self.queue,
            settle=settle,
            now=self.clock,
            rng=Random(number),
            report=tell,
            headroom=budget.headroom,
        )

        def work(batch):
            ends = self._seconds() + INVOCATION_S
            again = set(drain(batch, lambda: self._seconds() > ends))
            for delivery in batch:
                if delivery.message_id not in again:
                    self.queue.delete(delivery)

        return work

    def _attendant(self, cronofy):
        return Attendant(
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

    def _admit(self, body, headers):
        """Take a notification, as the door of `receive` does."""
        receipt = receive.admit(
            body,
            headers["Cronofy-HMAC-SHA256"],
            secrets=self.secrets,
            send=self._send,
            received_at=self.clock(),
            merge=MERGE,
        )
        self.notified[receipt.type] += 1
        return receipt.status

    def _send(self, message):
        self.queue.send(
            group=message.account_id,
            body=messages.encode(message),
            deduplication_id=messages.deduplication_id(message, unique=f"{next(self.unique)}"),
        )

    def connect(self, number, *, events):
        """
        Open accounts with events at Cronofy, put them in place, and read them, which takes no
        time and counts for nothing; return their ids.
        """
        world, now = self.provider.simulator.world, self.clock()
        usual = world.settings
        world.settings = replace(usual, limits_enabled=False, page_size=events)
        expires_at = now + timedelta(seconds=usual.expires_in)
        session = self.provider.session(lambda: None)
        attend = self._attendant(lambda *_: Cronofy(URL, session, self.clock))
        made = self.provider.control("POST", "accounts", count=number)["accounts"]
        for each in made:
            account_id = each["account_id"]
            self.provider.control(
                "POST", f"accounts/{account_id}/events", count=events, summary="Event", quiet=True
            )
            tokens = Tokens(each["refresh_token"], each["access_token"], expires_at)
            self.accounts.add(Account(account_id, "us", tokens), added_at=now)
            wanted = messages.request(account_id, Kind.FULL, now=now, cause="connect")
            attend(account_id, [wanted], Counter())
        world.settings = usual
        self.provider.called_at.clear()
        return [each["account_id"] for each in made]

    def is_equal(self, account_id):
        """Tell whether the table holds what the calendars do."""
        found = self.provider.control("GET", f"accounts/{account_id}/events")["events"]
        wanted = {f"{e['calendar_id']}#{e['event_uid']}": e for e in found if not e["deleted"]}
        return self.events.live(account_id) == wanted

    def ring(self):
        """Let the clock of `reconcile` ring."""

        def send_all(batch):
            for message in batch:
                self._send(message)
            return ()

        most = budgets.looks_within(self.calls_per_minute, int(EVERY_S) // 60)
        asked = reconcile.ask_all(self.accounts, send_all, now=self.clock(), most=most)
        self.asked_for.append(asked)

    def ring_every(self, first, until):
        """Let it ring in intervals, from *first* to *until* (seconds since the epoch)."""
        at = first
        while at < until:
            self.crew.at(at, self.ring)
            at += EVERY_S

    def outcomes(self):
        return Counter(told.report.outcome.value for told in self.told)

    def freshness(self, account_ids, *, is_live=True):
        """Return the seconds from what was asked of some accounts to their rows, sorted."""
        return sorted(
            told.age_s
            for told in self.told
            if told.report.outcome == "read"
            and told.is_live is is_live
            and told.report.account_id in account_ids
        )


def quantile(found, part):
    """Return what *part* of the sorted values do not exceed."""
    return found[min(len(found) - 1, int(len(found) * part))] if found else float("nan")


def peak(times, seconds):
    """Return the most of some sorted times that are within so many seconds."""
    most = first = 0
    for last, at in enumerate(times):
        while times[first] <= at - seconds + 1e-6:
            first += 1
        most = max(most, last - first + 1)
    return most
