"""Do one action after the other, and measure each until the table shows it."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import requests
from botocore.exceptions import BotoCoreError, ClientError

from console.actions import Change, NothingToChangeError
from demonstration.measuring import Passage

_REMEMBERED = 30


class Stage(StrEnum):
    """Where an action is."""

    QUEUED = "queued"
    RUNNING = "running"
    ARRIVED = "arrived"
    FAILED = "failed"


@dataclass(slots=True)
class Entry:
    """
    One line of the page's log.

    Attributes:
        seconds: so far, or until it arrived.
        problem: why it failed.
    """

    number: int
    title: str
    stage: Stage = Stage.QUEUED
    seconds: float = 0.0
    calls: int = 0
    writes: int = 0
    problem: str = ""


@dataclass(slots=True)
class Work:
    """
    Attributes:
        entries: the latest first.
    """

    entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    _waiting: queue.Queue[Callable[[], None]] = field(default_factory=queue.Queue)
    _count: int = 0

    def start(self) -> None:
        """Begin to work, in a thread of its own."""
        threading.Thread(target=self._run, daemon=True, name="work").start()

    def add(self, change: Change, measure: Callable[[Change, Entry], Passage]) -> Entry:
        """Do *change* when those before it have arrived."""
        self._count += 1
        entry = Entry(self._count, change.title)
        self.entries.appendleft(entry)
        self._waiting.put(lambda: _do(entry, change, measure))
        return entry

    def _run(self) -> None:
        while True:
            self._waiting.get()()


def _do(entry: Entry, change: Change, measure: Callable[[Change, Entry], Passage]) -> None:
    entry.stage = Stage.RUNNING
    try:
        passage = measure(change, entry)
    except (NothingToChangeError, requests.RequestException, ClientError, BotoCoreError) as error:
        entry.stage, entry.problem = Stage.FAILED, str(error)
        return
    entry.calls, entry.writes = passage.calls, passage.writes
    if passage.seconds is None:
        entry.stage, entry.problem = Stage.FAILED, "has not arrived within a minute"
    else:
        entry.stage, entry.seconds = Stage.ARRIVED, passage.seconds
