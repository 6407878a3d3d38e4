"""
Workers that run at once under one clock: each is a greenlet, and only one of them moves at a time.

What a worker waits for (an answer of Cronofy's, a place in the budget) takes virtual time, in which
the others go on. The order is the same in every run.
"""

import heapq
from collections import deque
from datetime import UTC, datetime, timedelta
from itertools import count

from greenlet import getcurrent, greenlet


class Crew:
    """
    Attributes:
        clock: turned by the crew.
        receive: hands out a batch of the queue; nothing: there is none now.
        next_at: tells when there may be one (seconds since the epoch), or ``None``.
    """

    def __init__(self, clock, receive, next_at):
        self.clock, self.receive, self.next_at = clock, receive, next_at
        self.idle, self.events, self.numbers = deque(), [], count()
        self.main = getcurrent()

    def add(self, work):
        """Add a worker, which calls *work* with each batch."""

        def worker(batch):
            while True:
                work(batch)
                self.idle.append(getcurrent())
                batch = self.main.switch()

        self.idle.append(greenlet(worker))

    def at(self, when, do):
        """Do something at a time, as nobody's work."""
        heapq.heappush(self.events, (when, next(self.numbers), do))

    def sleep(self, seconds):
        """Let the worker that moves wait, while the others go on."""
        self.at(self.clock().timestamp() + max(0.0, seconds), getcurrent().switch)
        self.main.switch()

    def run(self, until):
        """Go on until a time; what is under way then is left as it is."""
        while True:
            self._hand_out()
            times = [self.events[0][0]] if self.events else []
            visible_at = self.next_at() if self.idle else None
            if visible_at is not None:
                times.append(max(visible_at, self.clock().timestamp()))
            if not times or min(times) > until:
                self._turn(until)
                return
            self._turn(min(times))
            while self.events and self.events[0][0] <= self.clock().timestamp():
                heapq.heappop(self.events)[2]()

    def _hand_out(self):
        while self.idle and (batch := self.receive()):
            self.idle.popleft().switch(batch)

    def _turn(self, at):
        """Turn the clock to *at*, or to the microsecond after it: what is due then is due."""
        if at > self.clock().timestamp():
            self.clock.at = datetime.fromtimestamp(at, UTC)
            if self.clock().timestamp() < at:
                self.clock.at += timedelta(microseconds=1)
