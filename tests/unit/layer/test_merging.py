"""
The merging rule as a whole, on a tiny Cronofy: right rules lose no change, wrong ones do.

Time goes by half seconds. A change is dated when it is made, shows to reads up to two seconds
later, and is told after that. The clocks that stamp it and the reads are up to a second apart.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from calendar_mirror import messages, planning
from calendar_mirror.notifications import Notification, Type
from calendar_mirror.planning import CLOCK_SKEW, CompletedRead, ReadPlan
from tests.models.fifo_queue import FifoQueue

EPOCH = datetime(2026, 1, 31, 12, tzinfo=UTC)
STEP = 0.5


def at(seconds):
    return EPOCH + timedelta(seconds=seconds)


@dataclass(frozen=True)
class Change:
    """Made at `dated`, shows from `shows`, is told at `told`, to a clock that is `skew` off."""

    number: int
    dated: float
    shows: float
    told: float
    skew: float


@dataclass(frozen=True)
class History:
    """
    Changes, and how reads go: each takes `read_s`; those numbered in `crashing` end unfinished; the
    worker's clock is `skew` off.
    """

    changes: tuple[Change, ...]
    read_s: float
    crashing: frozenset[int]
    skew: float
    overlap_s: float


@dataclass(frozen=True)
class Rules:
    """How the mirror decides."""

    merge_s: float = 1.0
    delay_s: float = 2.0
    deduplication_id: object = staticmethod(messages.deduplication_id)
    unsettled: object = staticmethod(planning.unsettled)
    plan: object = staticmethod(planning.plan)
    remembers_the_end: bool = False
    remembers_unfinished_reads: bool = False


@dataclass
class World:
    """One account that was read long ago, its changes, and what reads have seen of them."""

    history: History
    rules: Rules
    now: float = 0.0
    reads: int = 0
    seen: set = field(default_factory=set)
    last_read: CompletedRead = field(default_factory=lambda: CompletedRead(at(-3600), None))

    def __post_init__(self):
        self.queue = FifoQueue(lambda: self.now, self.rules.delay_s, visibility_s=5.0)
        self.untold = sorted(self.history.changes, key=lambda change: change.told)

    def run(self):
        while self.untold or self.queue.messages:
            self._pass(0.0)
            batch = self.queue.receive()
            if not batch:
                self._pass(STEP)
            elif self._settle([messages.decode(delivery.body) for delivery in batch]):
                for delivery in batch:
                    self.queue.delete(delivery)

    def _pass(self, seconds):
        """Let time pass; what is to be told meanwhile is told."""
        until = self.now + seconds
        while self.untold and self.untold[0].told <= until:
            self._tell(self.untold.pop(0))
        self.now = until

    def _tell(self, change):
        self.now = change.told
        message = messages.request_for(
            Notification(Type.CHANGE, "acc_1", at(change.dated).replace(microsecond=0)),
            received_at=at(change.told + change.skew),
            merge=timedelta(seconds=self.rules.merge_s),
        )
        self.queue.send(
            group="acc_1",
            body=messages.encode(message),
            deduplication_id=self.rules.deduplication_id(message, unique=str(change.number)),
        )

    def _settle(self, wanted):
        """Tell whether the messages are done."""
        left = self.rules.unsettled(wanted, self.last_read)
        return not left or self._read(left)

    def _read(self, left):
        """One snapshot, taken at the start; a read that crashes shows the first half of it."""
        self.reads += 1
        started, clock = self.now, at(self.now + self.history.skew)
        overlap = timedelta(seconds=self.history.overlap_s)
        plan = self.rules.plan(left, self.last_read, now=clock, overlap=overlap)
        snapshot = [
            change
            for change in self.history.changes
            if change.shows <= started
            and (plan.last_modified is None or at(change.dated) >= plan.last_modified)
        ]
        self._pass(self.history.read_s)
        crashes = self.reads in self.history.crashing
        self.seen |= set(snapshot[: len(snapshot) // 2] if crashes else snapshot)
        if not crashes or self.rules.remembers_unfinished_reads:
            ended = at(self.now + self.history.skew)
            remembered = ended if self.rules.remembers_the_end else clock
            self.last_read = CompletedRead(remembered, plan.last_modified)
        return not crashes


steps = st.integers(0, 4).map(lambda number: number * STEP)


@st.composite
def histories(draw, span_s=10, skews=(0.0, -0.5, 0.5)):
    skews = st.sampled_from(skews)
    changes = []
    for number in range(draw(st.integers(1, 6))):
        dated = draw(st.integers(0, span_s * 2)) * STEP
        shows = dated + draw(steps)
        changes.append(Change(number, dated, shows, shows + draw(steps), draw(skews)))
    return History(
        tuple(changes),
        read_s=draw(st.sampled_from([0.5, 1.5, 3.0])),
        crashing=draw(st.frozensets(st.integers(1, 6), max_size=2)),
        skew=draw(skews),
        overlap_s=draw(st.sampled_from([0.0, 120.0])),
    )


def loses(history, rules):
    world = World(history, rules)
    world.run()
    return set(history.changes) != world.seen


@pytest.mark.parametrize(
    "rules",
    [Rules(), Rules(merge_s=5.0, delay_s=6.0), Rules(merge_s=0.0, delay_s=0.0)],
    ids=["default", "long buckets", "no merging"],
)
@settings(max_examples=500, deadline=None)
@given(history=histories())
def test_no_change_is_lost_whatever_comes_when(rules, history):
    assert not loses(history, rules)


def id_without_its_bucket(message, *, unique):
    return f"{message.account_id} {message.changes_since}"


def settled_by_any_later_read(wanted, last_read):
    return [m for m in wanted if last_read.started_at < m.stands_until + CLOCK_SKEW]


def settled_by_receipt(wanted, last_read):
    return planning.unsettled(
        [replace(m, stands_until=m.received_at - CLOCK_SKEW) for m in wanted], last_read
    )


def settled_without_a_margin(wanted, last_read):
    return planning.unsettled(
        [replace(m, stands_until=m.stands_until - CLOCK_SKEW) for m in wanted], last_read
    )


def settled_when_the_change_is_older_than_the_read(wanted, last_read):
    return [m for m in wanted if m.changes_since >= last_read.started_at]


def plan_from_the_latest_change(wanted, last_read, *, now, overlap):
    return ReadPlan(max(m.changes_since for m in wanted) - overlap)


def plan_from_the_cursor(wanted, last_read, *, now, overlap):
    return ReadPlan(last_read.started_at - overlap)


def plan_from_after_the_changes(wanted, last_read, *, now, overlap):
    return ReadPlan(min(m.changes_since for m in wanted) - overlap + timedelta(seconds=1))


@pytest.mark.parametrize(
    "rules",
    [
        Rules(deduplication_id=id_without_its_bucket),
        Rules(delay_s=0.0),
        Rules(delay_s=1.0),
        Rules(unsettled=settled_by_any_later_read),
        Rules(unsettled=settled_by_receipt),
        Rules(unsettled=settled_without_a_margin),
        Rules(unsettled=settled_when_the_change_is_older_than_the_read),
        Rules(plan=plan_from_the_latest_change),
        Rules(plan=plan_from_the_cursor),
        Rules(plan=plan_from_after_the_changes),
        Rules(remembers_the_end=True),
        Rules(remembers_unfinished_reads=True),
    ],
    ids=[
        "an id without its bucket",
        "no delay",
        "a delay that is no longer than a bucket",
        "settled by a read of later changes",
        "settled by a read from before the bucket's end",
        "settled without a margin for the clocks",
        "settled when the change is older than the read",
        "read from the latest change",
        "read from the cursor alone",
        "read from after the changes",
        "the cursor at the read's end",
        "the cursor after a crash",
    ],
)
def test_a_wrong_rule_loses_a_change(rules):
    assert find(
        histories(span_s=3, skews=(-0.5, 0.5)),
        lambda history: loses(history, rules),
        settings=settings(
            max_examples=20_000, database=None, derandomize=True, phases=[Phase.generate]
        ),
    )
