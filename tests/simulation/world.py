"""The real functions, with models of AWS and Cronofy's simulator around them."""

from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

import requests
from botocore.exceptions import ReadTimeoutError

from calendar_mirror import (
    budgets,
    feed,
    messages,
    publish,
    queries,
    receive,
    reconcile,
    reports,
    sync,
)
from calendar_mirror.accounts import Account, Tokens
from calendar_mirror.accounts_table import AccountsTable
from calendar_mirror.admission import Admission
from calendar_mirror.attending import Attendant
from calendar_mirror.budget_table import BudgetTable
from calendar_mirror.change_bus import ChangeBus
from calendar_mirror.client_secrets import ClientSecrets
from calendar_mirror.credentials import ClientCredentials
from calendar_mirror.cronofy import Cronofy
from calendar_mirror.dead_letter_queue import DeadLetterQueue
from calendar_mirror.erasures_table import ErasuresTable
from calendar_mirror.errors import CalendarMirrorError
from calendar_mirror.events_table import EventsTable
from calendar_mirror.measures import Measure
from calendar_mirror.messages import Kind
from calendar_mirror.reports import Outcome
from calendar_mirror.sync_queue import SyncQueue
from calendar_mirror.tokens import StoredGrant
from calendar_mirror.visit import Edges
from cronofy_simulator.settings import Settings
from cronofy_simulator.state.deliveries import Ending
from cronofy_simulator.state.deliveries import Outcome as Delivered
from tests.models.aws_clients import EventBridge, Sqs
from tests.models.cronofy import URL, Clock, Provider
from tests.models.dynamodb import DynamoDB, Wire, refusal, template_tables
from tests.models.fifo_queue import BATCH, FifoQueue
from tests.simulation.stream import Stream
from tests.simulation.timeline import Timeline

PUBLIC_URL = "https://example.com"
CLIENT = ClientCredentials("simulator_client", ("CRN_simulator_secret",))
QUEUE, DEAD_LETTERS = "https://sqs/sync.fifo", "https://sqs/dead.fifo"

#: Seconds after which Lambda stops a function, as in the template, and how many run at once here.
LIMITS_S = {"worker": 120, "receive": 5, "reconcile": 60, "publish": 60, "operator": 3600}
AT_ONCE = 3
#: Milliseconds that the door of `sync` keeps in reserve.
RESERVE_S = 40
EVERY_S = 300
TIMEOUT_S = 20.0


class StoppedError(BaseException):
    """The process is gone; nothing of ours may catch this."""


@dataclass
class Process:
    """
    One invocation of a function.

    Attributes:
        stops_at: number of the step at which it is stopped; ``None``: it lives.
        surprise: what happens at a step, and its number; ``None``: nothing does.
    """

    name: str
    began_at: datetime
    stops_at: int | None = None
    steps: int = 0
    surprise: tuple | None = None

    def be_surprised(self, *, now=False):
        """Let happen what is due at this step, or *now*."""
        if self.surprise and (now or self.steps >= self.surprise[0]):
            _, action = self.surprise
            self.surprise = None
            action()


class Line(Wire):
    """The way to one service, through the world's weather."""

    def __init__(self, world, service):
        self._world, self._service = world, service

    def call(self, operation, effect):
        return self._world.call(self._service, operation, effect)

    def between(self):
        self._world.step()

    def undone(self, requests):
        if len(requests) > 1 and self._world.strikes(f"{self._service} unprocessed"):
            return requests[self._world.rng.randrange(len(requests)) :]
        return []

    def staleness_s(self):
        return self._world.rng.uniform(0, 5)


@dataclass
class Weather:
    """
    What goes wrong now: rates by kind of fault, each until some time.

    Attributes:
        struck: how often, by kind.
    """

    clock: Clock
    rng: Random
    spells: list = field(default_factory=list)
    struck: Counter = field(default_factory=Counter)

    def add(self, kind, rate, lasts_s):
        self.spells.append((kind, rate, self.clock() + timedelta(seconds=lasts_s)))

    def clear(self):
        self.spells.clear()

    def strikes(self, kind):
        now = self.clock()
        rate = max((r for k, r, until in self.spells if k == kind and now < until), default=0.0)
        if not rate or self.rng.random() >= rate:
            return False
        self.struck[kind] += 1
        return True


class World:
    """
    Attributes:
        active: the process that is with an account, by its id.
        stops: at which step the next process of a name is stopped.
        surprises: by account, what happens so many steps into the next visits to it.
        steps: moments before and after calls to the outside, of all functions.
        watch: is told of each thing that an invariant is about; see `oracle.Watch`.
    """

    def __init__(self, history, watch):
        self.history, self.watch = history, watch
        self.rng = Random(f"{history.seed} run")
        self.clock = Clock(history.began_at)
        self.timeline = Timeline(self.clock)
        self.weather = Weather(self.clock, self.rng)
        self.strikes = self.weather.strikes
        self.processes, self.steps, self.active = [], 0, {}
        self.reports, self.stops, self.surprises = [], {}, defaultdict(list)
        self.is_reconciling = True
        self.watch.world = self
        self._build_provider(Settings(**history.settings))
        self._build_aws()
        self._build_functions()

    def _build_provider(self, settings):
        self.provider = Provider(self.clock, settings)
        self.simulator = self.provider.simulator
        self.simulator.world.rng = Random(f"{self.history.seed} provider")
        self.provider.after = self._on_its_way
        self.session = requests.Session()
        for scheme in ("https://", "http://"):
            self.session.mount(scheme, _Far(self))
        self._courier_at = None
        self.given = []  # faults that the simulator was asked for
        self.hidden = {}  # events out of Cronofy's reach, by account and key

    def _build_aws(self):
        seconds = lambda: self.clock().timestamp()  # noqa: E731
        self.queue = FifoQueue(seconds, self.history.delay_s)
        self.dead = FifoQueue(seconds)
        self.sqs = Sqs(
            {QUEUE: self.queue, DEAD_LETTERS: self.dead}, Line(self, "sqs"), self.arm_worker
        )
        self.bus = EventBridge(Line(self, "bus"))
        self.stream = Stream(self)
        self.tables = template_tables()
        self.dynamodb = DynamoDB(
            self.tables,
            seconds,
            Line(self, "dynamodb"),
            self._written,
            page=self.history.query_page,
        )
        self._worker_at = None

    def _build_functions(self):
        skew = self.history.skew_s
        self.secrets = ClientSecrets(lambda: {"us": CLIENT}, lambda: self.clock().timestamp())
        self.receivers = [self._clock_off_by(self.rng.uniform(-skew, skew) / 2) for _ in range(3)]
        self.workers = [self._worker(self.rng.uniform(-skew, skew) / 2) for _ in range(3)]
        self.reconcile_clock = self._clock_off_by(self.rng.uniform(-skew, skew) / 2)
        self.accounts = AccountsTable(self.dynamodb, "accounts")
        self.reconcile_at = None

    def _clock_off_by(self, seconds):
        return lambda: self.clock() + timedelta(seconds=seconds)

    def _worker(self, skew_s):
        now = self._clock_off_by(skew_s)
        limit = budgets.limit(self.history.calls_per_minute)
        budget = BudgetTable(self.dynamodb, "budget", limit, now)

        def cronofy(data_center, is_background):
            admission = Admission(
                budget, data_center, self.timeline.wait, is_background=is_background
            )
            return Cronofy(URL, self.session, now, admit=admission)

        edges = Edges(
            accounts=AccountsTable(self.dynamodb, "accounts"),
            events=EventsTable(self.dynamodb, "events"),
            erasures=ErasuresTable(self.dynamodb, "erasures"),
            dead_letters=DeadLetterQueue(self.sqs, DEAD_LETTERS),
            bus=ChangeBus(self.bus, "bus"),
            cronofy=cronofy,
            client=lambda _: CLIENT,
            now=now,
            public_url=PUBLIC_URL,
            overlap=timedelta(seconds=self.history.overlap_s),
        )
        return sync.Drain(
            queue=SyncQueue(self.sqs, QUEUE, DEAD_LETTERS),
            settle=self._visiting(Attendant(edges)),
            now=now,
            rng=self.rng,
            report=self._reported,
            headroom=budget.headroom,
        )

    def _visiting(self, settle):
        """Watch who is with which account."""

        def visiting(account_id, *more):
            other = self.active.get(account_id)
            if other is not None and not self.is_over(other):
                self.watch.diverges(f"{account_id} is visited twice at once")
            self.active[account_id] = process = self.processes[-1]
            if self.surprises[account_id]:
                steps, action = self.surprises[account_id].pop(0)
                process.surprise = (process.steps + steps, action)
            try:
                return settle(account_id, *more)
            finally:
                process.be_surprised(now=True)
                if self.active.get(account_id) is process:
                    del self.active[account_id]

        return visiting

    def wait_for_no_visit(self):
        """Let happen what was to happen amid visits that have not come."""
        for actions in self.surprises.values():
            while actions:
                _, action = actions.pop(0)
                action()

    def _reported(self, report):
        self.reports.append(report)
        self.watch.told(reports.measured(report))
        if report.outcome is Outcome.DEAD_LETTERED:
            self.watch.dead_lettered(report)
        if report.counts.get("malformed"):
            self.watch.left_out(report.account_id)

    # Calls to the outside

    def step(self):
        """Come to a moment at which a process can be stopped."""
        process = self.processes[-1]
        process.steps += 1
        process.be_surprised()
        self.steps += process.name != "operator"
        is_the_moment = self.steps == self.history.stops_at and process.name != "operator"
        if is_the_moment or process.steps == process.stops_at:
            self._stop(process, "stopped")
        self._check_time()

    def _check_time(self):
        """Lambda stops what takes too long."""
        process = self.processes[-1]
        if self.is_over(process):
            self._stop(process, "out of time")

    def _stop(self, process, how):
        self.weather.struck[f"{process.name} {how}"] += 1
        self.watch.stopped(process.name)
        raise StoppedError

    def is_over(self, process):
        """Tell whether Lambda has stopped a process, even if it does not know it yet."""
        return self.clock() - process.began_at > timedelta(seconds=LIMITS_S[process.name])

    def call(self, service, operation, effect):
        """Make a call, with everything that can happen before, during and after it."""
        latency_s = self.rng.uniform(0.02, 0.3) if service == "cronofy" else 0.004
        sheltered = self.processes[-1].name == "operator"
        self.step()
        self.timeline.wait(latency_s / 2)
        self._check_time()
        if not sheltered and self.strikes(f"{service} refused"):
            raise refusal("ProvisionedThroughputExceededException", operation)
        answer = effect()
        if service != "cronofy" and not sheltered and self.strikes(f"{service} called twice"):
            answer = effect()
        self.timeline.wait(latency_s / 2)
        self.step()
        if service != "cronofy" and not sheltered and self.strikes(f"{service} answer lost"):
            raise ReadTimeoutError(endpoint_url=service)
        return answer

    @contextmanager
    def process(self, name):
        """Run as an invocation of a function, which may be stopped at any step."""
        process = Process(name, self.clock())
        if name in self.stops:
            process.stops_at = self.stops.pop(name)
        elif self.strikes(f"{name} stops"):
            process.stops_at = self.rng.randint(1, {"worker": 60}.get(name, 6))
        self.processes.append(process)
        try:
            yield process
        finally:
            assert self.processes.pop() is process

    # Cronofy

    def _on_its_way(self, answer):
        self.arm_courier()
        if answer.dropped:
            self.timeline.wait(self.rng.choice((0.1, TIMEOUT_S)))
        if answer.delay_seconds > TIMEOUT_S:
            self.timeline.wait(TIMEOUT_S)
            raise requests.ReadTimeout("slow")
        self.timeline.wait(answer.delay_seconds)

    def control(self, method, path, /, **fields):
        """Play the people at their calendars, and the provider."""
        done = self.provider.control(method, path, **fields)
        self.arm_courier()
        return done

    def set(self, **settings):
        """Turn the provider's settings."""
        world = self.simulator.world
        world.settings = replace(world.settings, **settings)

    def arm_courier(self):
        at = self.simulator.next_delivery_at()
        if at is not None and (self._courier_at is None or at < self._courier_at):
            self._courier_at = at
            self.timeline.at(at, partial(self._deliver_due, at))

    def _deliver_due(self, armed_at):
        if self._courier_at != armed_at:
            return
        self._courier_at = None
        for delivery in self.simulator.due_deliveries():
            self._deliver(delivery)
        self.arm_courier()

    def _deliver(self, delivery):
        """One notification, on a way on which it can get lost, late, or doubled."""
        self.timeline.wait(0.02)
        done = partial(self.simulator.delivered, delivery.delivery_id)
        if self.strikes("notification lost"):
            self.watch.lost(delivery.url, "a notification was lost")
            done(Delivered(Ending.ANSWERED, 200))
            return
        if self.strikes("notification delayed"):
            late_s = self.rng.choice((3, 40, 900, 4 * 3600)) * self.rng.uniform(0.5, 1.5)
            self.timeline.after(late_s, partial(self._come_late, delivery))
            done(Delivered(Ending.ANSWERED, 200))
            return
        status = self.admit(delivery.body, delivery.headers)
        if self.strikes("notification doubled"):
            after_s = self.rng.choice((0.1, 2, 400))
            self.timeline.after(after_s, partial(self.admit, delivery.body, delivery.headers))
        if status is None or self.strikes("notification timed out"):
            done(Delivered(Ending.TIMEOUT))
        else:
            done(Delivered(Ending.ANSWERED, status))
        self.arm_courier()

    def _come_late(self, delivery):
        if self.admit(delivery.body, delivery.headers) != 200:
            self.timeline.after(15, partial(self._come_late, delivery))

    # Functions

    def admit(self, body, headers):
        """Hand a request to `receive`; return the status, ``None``: it was stopped."""
        now, came_at = self.rng.choice(self.receivers), self.clock()
        queue = SyncQueue(self.sqs, QUEUE)
        with self.process("receive"):
            try:
                receipt = receive.admit(
                    body,
                    headers["Cronofy-HMAC-SHA256"],
                    secrets=self.secrets,
                    send=lambda message: queue.send(message, unique=self._unique()),
                    received_at=now(),
                    merge=timedelta(seconds=self.history.merge_s),
                )
            except StoppedError:
                return None
        if receipt.status == 200:
            self.watch.accepted(body, came_at)
        took_ms = (self.clock() - came_at) / timedelta(milliseconds=1)
        told = receive.measured(receipt, took_ms)
        self.watch.told(told, type=receipt.type, outcome=receipt.outcome)
        return receipt.status

    def _unique(self):
        return f"{self.rng.getrandbits(64):x}"

    def arm_worker(self):
        """Let a worker come when there is something for it."""
        at = self._ready_at()
        if at is not None and (self._worker_at is None or at < self._worker_at):
            self._worker_at = at
            self.timeline.at(
                max(self.clock(), datetime.fromtimestamp(at, UTC)) + timedelta(milliseconds=5),
                partial(self._work, at),
            )

    def _ready_at(self):
        """Return when the queue will have something to hand out."""
        now, heads, locked = self.clock().timestamp(), {}, {}
        for message in self.queue.messages:
            heads.setdefault(message.group, message.visible_at)
            if message.handle and message.visible_at > now:
                locked[message.group] = max(locked.get(message.group, 0.0), message.visible_at)
        return min((locked.get(group, at) for group, at in heads.items()), default=None)

    def _work(self, armed_at):
        if self._worker_at != armed_at:
            return
        self._worker_at = None
        if len(self.processes) >= AT_ONCE:
            self.timeline.after(0.05, self.arm_worker)
            return
        # "fewer messages might be returned": SQS API reference, ReceiveMessage, MaxNumberOfMessages
        batch = self.queue.receive(self.rng.choice((1, 3, BATCH, BATCH)))
        if batch:
            self._drain(batch)
        self.arm_worker()

    def _drain(self, batch):
        try:
            with self.process("worker") as process:
                self.arm_worker()  # other groups may be served meanwhile
                again = set(self._drained(batch, process))
                for delivery in batch:
                    if delivery.message_id not in again and not self.strikes("deletion lost"):
                        self.queue.delete(delivery)
        except StoppedError:
            pass  # its messages come again when their visibility time-out ends

    def _drained(self, batch, process):
        ends_at = process.began_at + timedelta(seconds=LIMITS_S["worker"] - RESERVE_S)
        try:
            return self.rng.choice(self.workers)(batch, lambda: self.clock() > ends_at)
        except Exception as error:  # noqa: BLE001 - whatever gets out of the worker is its fault
            self.watch.crashed(error)
            return [delivery.message_id for delivery in batch]

    def arm_reconcile(self):
        """Let the clock ring at the next full five minutes at which somebody is due."""
        dues = [
            item["due_at"] for item in self.tables["accounts"].items.values() if item.get("due_at")
        ]
        if not dues or not self.is_reconciling:
            return
        due_at = max(datetime.fromisoformat(min(dues)), self.clock())
        rings = -(-due_at.timestamp() // EVERY_S) * EVERY_S + 1.7
        at = datetime.fromtimestamp(rings, UTC)
        if at < self.clock():
            at += timedelta(seconds=EVERY_S)
        if self.reconcile_at is None or at < self.reconcile_at:
            self.reconcile_at = at
            self.timeline.at(at, partial(self._ring, at))

    def _ring(self, at):
        if self.reconcile_at != at:
            return
        self.reconcile_at = None
        if not self.is_reconciling:
            return
        with self.process("reconcile"):
            try:
                self.ask_for_what_is_due()
            except StoppedError:
                pass
            except Exception as error:  # noqa: BLE001 - the next ring goes on
                self.watch.failed("reconcile", error)
        self.arm_reconcile()

    def ask_for_what_is_due(self):
        """Do as the door of `reconcile` does, but for its census."""
        queue = SyncQueue(self.sqs, QUEUE)
        asked = reconcile.ask_all(
            self.accounts,
            lambda batch: queue.send_all(batch, unique=self._unique),
            now=self.reconcile_clock(),
            most=budgets.looks_within(self.history.calls_per_minute, EVERY_S // 60),
        )
        self.watch.told({Measure.ASKED_FOR: asked})

    def publish(self, records):
        """Hand records of the stream to `publish`; return from where they come again."""
        bus = ChangeBus(self.bus, "bus")
        with self.process("publish"):
            try:
                done = publish.publish(
                    feed.from_stream(records), bus.publish_all, table="events", now=self.clock
                )
            except StoppedError:
                return records[0]["dynamodb"]["SequenceNumber"]
        self.watch.told(done.measured)
        return done.again[0] if done.again else None

    def _written(self, table, before, after):
        if table == "events":
            self.watch.row_written(before, after)
            self.stream.add(before, after)
        if table == "accounts":
            self.watch.account_written(before, after)
            self.arm_reconcile()

    # The operator, and users in their browsers

    def ask(self, account_id, kind, **more):
        """Put a message on the queue, as the operator's command does."""
        message = messages.request(account_id, kind, now=self.clock(), cause="operator", **more)
        with self.process("operator"):
            SyncQueue(self.sqs, QUEUE).send(message, unique=self._unique())

    def connect(self, account_id, is_in_place=lambda account_id: None):
        """Let a user consent, as `connect` does it; tell when the account is in place."""
        given = self.control("POST", f"accounts/{account_id}/tokens")
        tokens = Tokens(given["refresh_token"], given["access_token"], scope=given["scope"])
        with self.process("operator"):
            account = Account(account_id, "us", tokens)
            if not self.accounts.connect(account, connected_at=self.clock()):
                return
            is_in_place(account_id)
            self._open_channel(account_id)
        self.ask(account_id, Kind.FULL)

    def _open_channel(self, account_id):
        """As `connect` does: where it fails, the read that follows has to do it."""
        account = self.accounts.get(account_id)
        cronofy = Cronofy(URL, self.session, self.clock)
        address = queries.callback_url(PUBLIC_URL, account_id)
        try:
            channel = cronofy.create_channel(
                address, self.grant(account, cronofy), calendars=account.calendars
            )
            self.accounts.remember_channel(account_id, channel)
        except CalendarMirrorError:
            self.watch.has_no_channel(account_id)

    def grant(self, account, cronofy):
        """Return the tokens of an account for somebody else than its worker."""
        return StoredGrant(
            account_id=account.account_id,
            tokens=account.tokens,
            refresh=lambda token: cronofy.refresh(token, CLIENT),
            store=self.accounts,
            now=self.clock,
            reserve=cronofy.reserve,
        )


class _Far(requests.adapters.BaseAdapter):
    """Cronofy, at the other end of the internet."""

    def __init__(self, world):
        super().__init__()
        self._world = world

    def send(self, request, **_):
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind:
            self._world.watch.token_used(token)
        effect = partial(self._world.provider.send, request)
        return self._world.call("cronofy", request.method, effect)

    def close(self):
        """Nothing is open."""
