"""
Workers that run at once under one clock: each has a thread, and only one of them moves at a time.

What a worker waits for (an answer of Cronofy's, a place in the budget) takes virtual time, in which
the others go on. The order is the same in every run.
"""

import heapq
import threading
from collections import deque
from datetime import UTC, datetime
from itertools import count

_LONGEST_S = 60.0  # of real time, for one step


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
        self.back, self.moving = threading.Semaphore(0), None
        self.workers, self.error = [], None

    def add(self, work):
        """Add a worker, which calls *work* with each batch."""
        worker = _Worker(self, work)
        self.workers.append(worker)
        self.idle.append(worker)

    def at(self, when, do):
        """Do something at a time, as nobody's work."""
        heapq.heappush(self.events, (when, next(self.numbers), do))

    def sleep(self, seconds):
        """Let the worker that moves wait, while the others go on."""
        worker = self.moving
        if worker is None:
            self.clock.turn(seconds)
            return
        self.at(self.clock().timestamp() + max(0.0, seconds), worker.go_on)
        worker.pause()

    def run(self, until):
        """Go on until a time; what is under way then is left as it is."""
        while self.error is None:
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
        raise self.error

    def _hand_out(self):
        while self.idle and (batch := self.receive()):
            self.idle.popleft().begin(batch)

    def _turn(self, at):
        if at > self.clock().timestamp():
            self.clock.at = datetime.fromtimestamp(at, UTC)

    def end(self):
        """End the threads, wherever they are."""
        for worker in self.workers:
            worker.end()


class _EndError(BaseException):
    """The crew goes home."""


class _Worker:
    def __init__(self, crew, work):
        self.crew, self.work = crew, work
        self.go, self.batch, self.ended = threading.Semaphore(0), None, False
        self.thread = threading.Thread(target=self._loop, daemon=True)
        self.thread.start()

    def begin(self, batch):
        self.batch = batch
        self.go_on()

    def go_on(self):
        """Move until the next wait, or until the batch is done."""
        self.crew.moving = self
        self.go.release()
        assert self.crew.back.acquire(timeout=_LONGEST_S), "a worker does not come back"
        self.crew.moving = None

    def pause(self):
        self.crew.back.release()
        self.go.acquire()
        if self.ended:
            raise _EndError

    def end(self):
        self.ended = True
        self.go.release()
        self.thread.join()

    def _loop(self):
        try:
            while True:
                self.go.acquire()
                if self.ended:
                    return
                self.work(self.batch)
                self.crew.idle.append(self)
                self.crew.back.release()
        except _EndError:
            return
        except BaseException as error:  # noqa: BLE001 - the test is to fail with it
            self.crew.error = error
            self.crew.back.release()
