"""
Functions that share the concurrent executions of one AWS account, under the clock of a crew.

An invocation that finds no place is throttled. What happens then depends on who asked: API Gateway
answers an error at once, a poller of a queue or a stream tries again with the same batch, and so
does the asynchronous queue before a function that a schedule invokes.
Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html,
https://docs.aws.amazon.com/lambda/latest/dg/invocation-retries.html
"""

from collections import Counter
from dataclasses import dataclass, field
from zlib import crc32

from tests.models.fleet import Fleet

#: How long each holds its place (seconds). `receive`: a warm one takes a tenth of that.
RECEIVE_S, RECONCILE_S, CONNECT_S, PUBLISH_S = 0.3, 10.0, 3.0, 1.0
#: A poller tries again after so many seconds. AWS documents no figure; the shorter, the harder for
#: those who do not try again.
AGAIN_S = 0.25
#: The events table's stream: so many shards, which share its rows; batches of so many records.
#: AWS documents no number of shards for a new table that is paid for as it is used.
SHARDS, BATCH = 4, 100
THROTTLED = 503


@dataclass
class Places:
    """
    Attributes:
        free: how many more may run.
        throttled: how often each function found no place.
        most: how many places each has held at once, at most.
    """

    free: int
    throttled: Counter = field(default_factory=Counter)
    held: Counter = field(default_factory=Counter)
    most: Counter = field(default_factory=Counter)

    def take(self, function):
        """Take a place; tell whether there was one."""
        if not self.free:
            self.throttled[function] += 1
            return False
        self.free -= 1
        self.held[function] += 1
        self.most[function] = max(self.most[function], self.held[function])
        return True

    def leave(self, function):
        self.free += 1
        self.held[function] -= 1


@dataclass
class CrowdedFleet(Fleet):
    """
    A fleet whose functions get no more concurrent executions than the AWS account has.

    Attributes:
        concurrency: of the account.
        reserved: how many of it are kept for `receive`, which gets no others then.
        parallelization: how many batches of one shard are handed to `publish` at once.
        waits: seconds from a notification's first attempt to the one that was accepted.
    """

    concurrency: int = 10
    reserved: int = 0
    parallelization: int = 1
    waits: list = field(default_factory=list)

    def __post_init__(self):
        super().__post_init__()
        self.places = Places(self.concurrency - self.reserved)
        self.own = Places(self.reserved) if self.reserved else self.places
        self.events.written = self._stream
        self._records, self._publishing = Counter(), set()
        self._first, self._posts_at = {}, None

    def connect(self, number, *, events):
        """Connect accounts as ever: this takes no time, so it takes no places."""
        self.provider.notify = super()._admit
        found = super().connect(number, events=events)
        self.provider.notify = self._admit
        return found

    def ring(self):
        """Let the clock ring, as soon as there is a place for `reconcile`."""
        if self._holds("reconcile", RECONCILE_S):
            super().ring()
        else:
            self.crew.at(self._seconds() + AGAIN_S, self.ring)

    def lead_a_user(self):
        """Let a user come back from Cronofy's consent page."""
        self._holds("connect", CONNECT_S)

    def _holds(self, function, seconds, places=None):
        """Take a place for so many seconds; tell whether there was one."""
        places = places or self.places
        if not places.take(function):
            return False
        self.crew.at(self._seconds() + seconds, lambda: places.leave(function))
        return True

    def _worker(self, number):
        work = super()._worker(number)

        def invoked(batch):
            while not self.places.take("sync"):
                self.crew.sleep(AGAIN_S)
            work(batch)
            self.places.leave("sync")

        return invoked

    def _admit(self, body, headers):
        now = self._seconds()
        first_at = self._first.setdefault(body, now)
        if not self._holds("receive", RECEIVE_S, self.own):
            self.crew.at(now, self._post_again)
            return THROTTLED
        self.waits.append(now - first_at)
        del self._first[body]
        return super()._admit(body, headers)

    def _post_again(self):
        """Have Cronofy post at the next time that it has set itself."""
        at = self.provider.simulator.next_delivery_at()
        if at is not None and (self._posts_at is None or at.timestamp() < self._posts_at):
            self._posts_at = at.timestamp()
            self.crew.at(self._posts_at, self._post)

    def _post(self):
        self._posts_at = None
        self.provider.post()
        self._post_again()

    def _stream(self, record):
        shard = crc32(record.key.account_id.encode()) % SHARDS
        lane = shard, crc32(record.key.sort_key.encode()) % self.parallelization
        self._records[lane] += 1
        if lane not in self._publishing:
            self._publishing.add(lane)
            self.crew.at(self._seconds(), lambda: self._publish(lane))

    def _publish(self, lane):
        if not self._records[lane]:
            self._publishing.remove(lane)
            return
        after_s = AGAIN_S
        if self._holds("publish", PUBLISH_S):
            self._records[lane] -= min(BATCH, self._records[lane])
            after_s = PUBLISH_S
        self.crew.at(self._seconds() + after_s, lambda: self._publish(lane))
