"""What a stack uses in a month, as far as that follows from how many accounts it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from calendar_mirror import measures
from calendar_mirror.notifications import Type
from calendar_mirror.receive import Outcome
from calmirror import prices
from calmirror.prices import Price

DAYS = 30.44
_GB = 1024**3


@dataclass(frozen=True, slots=True)
class Line:
    """
    One thing that is paid for.

    Attributes:
        quantity: a month.
        basis: ``measured``, ``counted`` (there are so many), or what it is taken to be, and why.
    """

    price: Price
    quantity: float
    basis: str

    @property
    def usd(self) -> float:
        """Return what it costs a month."""
        return self.quantity * self.price.usd


@dataclass(frozen=True, slots=True)
class Load:
    """
    What the accounts are taken to do.

    Attributes:
        notifications: of changes, for each account and day.
        events: within the window, for each account.
        event_kb: of a row, with its attributes.
    """

    accounts: int
    notifications: float = 20.0
    events: int = 300
    event_kb: float = 2.0


#: Beside the load: what one of each takes. Milliseconds and bytes as a local run shows them, but
#: for `sync`, which waits for Cronofy's answers.
_RECEIVE_MS, _SYNC_MS, _FULL_MS, _PUBLISH_MS = 10, 500, 2000, 20
_MEMORY_GB = 0.5
_LOGGED_BYTES = 3500
_CLOCK_MS, _CLOCK_MEMORY_GB, _CLOCK_LOGGED_BYTES = 300, 0.25, 600
#: Of a request that nobody signed: 360 bytes of `receive`, the rest of Lambda and the access log.
_UNSIGNED_MS, _UNSIGNED_LOGGED_BYTES = 5, 1100
#: Of the index of what is due, and of three kinds of trouble; half a unit each where there is none.
_CLOCK_QUERIES = 4
#: Rows that a read looks up because of its overlap, and calls that a daily full read takes.
_LOOKED_UP, _FULL_CALLS = 3, 4
#: Lambda asks the queue on five connections, each for 20 seconds at a time.
#: Source: Lambda developer guide, "Using Lambda with Amazon SQS"
_EMPTY_RECEIVES_A_DAY = 5 * 86_400 / 20


def assumed(
    load: Load, architecture: str, metrics: str = measures.Choice.ESSENTIAL
) -> Mapping[Price, Line]:
    """
    Return what *load* takes, with what was assumed for it.

    Args:
        metrics: the template's parameter ``Metrics``.
    """
    notified, full = load.accounts * load.notifications * DAYS, load.accounts * DAYS
    messages = notified + full
    kb_writes, kb_reads = max(1.0, load.event_kb), max(1.0, load.event_kb / 4)
    seconds = _MEMORY_GB * (
        notified * (_RECEIVE_MS + _SYNC_MS + _PUBLISH_MS) / 1000 + full * _FULL_MS / 1000
    )
    seconds += _clock() * _CLOCK_MS / 1000 * _CLOCK_MEMORY_GB
    writes = notified * (2 * kb_writes + 2 + 1) + full * (6 + _FULL_CALLS)
    reads = notified * ((_LOOKED_UP + 1) * kb_reads + 1) + full * load.events * load.event_kb / 4
    reads += _clock() * _CLOCK_QUERIES * 0.5
    stored = load.accounts * load.events * load.event_kb * 1024 / _GB
    day = f"{load.notifications:g} notifications for each account and day"
    lines = (
        Line(prices.API_REQUEST, notified, f"{day}, a request each"),
        Line(
            prices.INVOCATION,
            3 * notified + full + _clock(),
            f"{day}: receive, sync and publish once each; a full read for each account and day",
        ),
        Line(
            prices.GB_SECOND[architecture],
            seconds,
            f"receive {_RECEIVE_MS} ms, sync {_SYNC_MS} ms (a full read {_FULL_MS} ms), publish "
            f"{_PUBLISH_MS} ms, at 512 MB; reconcile {_CLOCK_MS} ms, at 256 MB",
        ),
        Line(
            prices.QUEUE_REQUEST,
            3 * messages + _EMPTY_RECEIVES_A_DAY * DAYS,
            "each message is sent, received and deleted; Lambda asks the empty queue 21,600 times "
            "a day",
        ),
        Line(
            prices.WRITE,
            writes,
            f"{day}, of which each changes one row of {load.event_kb:g} KB in the table and its "
            "index, and the account; one for each call to Cronofy",
        ),
        Line(
            prices.READ,
            reads,
            f"each read looks up {_LOOKED_UP} rows and what one held before; a full read all "
            f"{load.events} of its account; the clock asks {_CLOCK_QUERIES} times",
        ),
        Line(
            prices.STORED,
            2 * stored,
            f"{load.events} events of {load.event_kb:g} KB for each account, in table and index",
        ),
        Line(prices.BACKED_UP, stored, "the same, once"),
        Line(prices.BUS_EVENT, notified, f"{day}, of which each changes one event"),
        Line(
            prices.LOGGED,
            (notified * _LOGGED_BYTES + _clock() * _CLOCK_LOGGED_BYTES) / _GB,
            f"{_LOGGED_BYTES} bytes for each notification, {_CLOCK_LOGGED_BYTES} for each run of "
            "the clock",
        ),
        Line(prices.CLOCK, _clock(), "every five minutes"),
        Line(
            prices.KEY_REQUEST,
            _clock() * (2 if load.accounts else 1),
            "DynamoDB keeps what it decrypted for a function for five minutes",
        ),
        Line(
            prices.METRIC,
            _metrics(metrics) if load.accounts else 0,
            "at most: every metric that is told, with each value of its dimensions, in every hour "
            "of the month",
        ),
    )
    return {line.price: line for line in lines}


def flood(requests_per_second: float, architecture: str) -> list[Line]:
    """Return what a month costs in which so many requests come all the time that nobody signed."""
    requests = requests_per_second * 86_400 * DAYS
    return [
        Line(prices.API_REQUEST, requests, "all of them"),
        Line(prices.INVOCATION, requests, "`receive`, once each"),
        Line(
            prices.GB_SECOND[architecture],
            requests * _UNSIGNED_MS / 1000 * _MEMORY_GB,
            f"{_UNSIGNED_MS} ms each, at 512 MB",
        ),
        Line(
            prices.LOGGED,
            requests * _UNSIGNED_LOGGED_BYTES / _GB,
            f"{_UNSIGNED_LOGGED_BYTES} bytes each: of `receive`, of Lambda, and the access log",
        ),
    ]


def _metrics(choice: str) -> int:
    """Count those of the functions, and the one of the template's metric filter."""
    values = {"type": len(Type) + 1, "outcome": len(Outcome)}  # a type can be unknown
    of_functions = sum(
        2 if measure is measures.Measure.REFUSED else prod(values[name] for name in dimensions)
        for measure in measures.chosen(choice)
        for dimensions in measure.dimensions
    )
    return of_functions + 1


def _clock() -> float:
    return 12 * 24 * DAYS
