"""
Drain a batch of the queue: account by account, and decide what becomes of its messages.

    settled       they leave the queue
    put back      nothing is wrong with them, the time is: they come again after a pause
    set aside     they cannot be understood, or what Cronofy answered to them cannot: to the
                  dead-letter queue, at once and with the reason
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from calendar_mirror import backoff, messages
from calendar_mirror.errors import (
    AwsCallError,
    BudgetUsedUpError,
    MalformedMessageError,
    RateLimitedError,
    SettingsError,
    StoreBusyError,
    StoreRefusedError,
    TryAgainError,
    UnexpectedAnswerError,
)
from calendar_mirror.messages import Message
from calendar_mirror.reports import Outcome, Report, Settlement
from calendar_mirror.sync_queue import Delivery, SyncQueue

#: A delivery with its message, or with why that cannot be read.
_Received: TypeAlias = tuple[Delivery, Message | str]
_NO_AGES: Mapping[str, float] = {}


@dataclass(frozen=True, slots=True)
class Drain:
    """
    What draining needs.

    Attributes:
        settle: attends to an account, as `attending.Attendant` does.
        now: our clock; aware.
        rng: draws the jitter of back-offs.
        headroom: tells which part of a burst of calls is left, as far as that is known.
    """

    queue: SyncQueue
    settle: Callable[[str, Sequence[Message], Counter[str], Callable[[], bool]], Settlement]
    now: Callable[[], datetime]
    rng: random.Random
    report: Callable[[Report], None]
    headroom: Callable[[], float | None] = lambda: None

    def __call__(
        self, batch: Iterable[Delivery], time_is_up: Callable[[], bool] = lambda: False
    ) -> tuple[str, ...]:
        """
        Return the ids of those messages that must come again. Accounts that somebody waits for come
        first: the others may be in for a long wait for calls.

        Args:
            time_is_up: tells, between two accounts and during long work, whether to stop: what is
                left then comes again at once.
        """
        groups: dict[str, list[_Received]] = {}
        for delivery in batch:
            groups.setdefault(delivery.group, []).append((delivery, _decoded(delivery)))
        ordered = sorted(groups.items(), key=lambda each: _is_background(each[1]))
        again = [self._account(group, received, time_is_up) for group, received in ordered]
        return tuple(delivery.message_id for deliveries in again for delivery in deliveries)

    def _account(
        self, group: str, received: Sequence[_Received], time_is_up: Callable[[], bool]
    ) -> list[Delivery]:
        if time_is_up():
            deliveries = [delivery for delivery, _ in received]
            self.queue.put_back(deliveries, 0)
            return deliveries
        again: list[Delivery] = []
        readable: list[tuple[Delivery, Message]] = []
        for delivery, message in received:
            if isinstance(message, str):
                again += self._set_aside(group, [delivery], message)
            else:
                readable.append((delivery, message))
        if readable:
            again += self._settled(group, readable, time_is_up)
        return again

    def _settled(
        self,
        group: str,
        readable: Sequence[tuple[Delivery, Message]],
        time_is_up: Callable[[], bool],
    ) -> Sequence[Delivery]:
        """Settle the messages of one account; return those that must come again."""
        deliveries = [delivery for delivery, _ in readable]
        wanted = [message for _, message in readable]
        counts, ages = Counter(messages=len(wanted)), self._ages(wanted)
        try:
            settlement = self.settle(group, wanted, counts, time_is_up)
        except UnexpectedAnswerError as error:
            return self._set_aside(group, deliveries, str(error), counts, ages)
        except (TryAgainError, AwsCallError, SettingsError, StoreRefusedError) as error:
            self._put_back(deliveries, error)
            counts["store_busy"] += isinstance(error, StoreBusyError)
            counts["out_of_calls"] += isinstance(error, BudgetUsedUpError) and "live_age_s" in ages
            self._report(Report(group, Outcome.PUT_BACK, str(error), counts, **ages))
            return deliveries
        left = [delivery for delivery, message in readable if message in settlement.left]
        self.queue.put_back(left, settlement.left_for_s)
        outcome, reason, fresh = settlement.outcome, settlement.reason, settlement.freshness_s
        self._report(Report(group, outcome, reason, counts, fresh, **ages))
        return left

    def _ages(self, wanted: Sequence[Message]) -> Mapping[str, float]:
        """Return how long the earliest message of either class has waited, for the report."""
        ages: dict[str, float] = {}
        for message in wanted:
            name = "background_age_s" if message.is_background else "live_age_s"
            age_s = max(0.0, (self.now() - message.received_at).total_seconds())
            ages[name] = max(age_s, ages.get(name, 0.0))
        return ages

    def _put_back(self, deliveries: Sequence[Delivery], error: Exception) -> None:
        tries = max(delivery.receive_count for delivery in deliveries)
        retry_after_s = error.retry_after_s if isinstance(error, TryAgainError) else None
        is_short_of_calls = isinstance(error, RateLimitedError)
        delay_s = backoff.delay_s(
            tries, retry_after_s, self.rng, is_short_of_calls=is_short_of_calls
        )
        self.queue.put_back(deliveries, delay_s)

    def _set_aside(
        self,
        group: str,
        deliveries: Sequence[Delivery],
        reason: str,
        counts: Mapping[str, int] | None = None,
        ages: Mapping[str, float] = _NO_AGES,
    ) -> Sequence[Delivery]:
        arrived = self.queue.set_aside(deliveries, reason)
        outcome = Outcome.DEAD_LETTERED if arrived else Outcome.PUT_BACK
        counts = counts or {"messages": len(deliveries)}
        self._report(Report(group, outcome, reason, counts, **ages))
        return () if arrived else deliveries

    def _report(self, report: Report) -> None:
        self.report(replace(report, headroom=self.headroom()))


def _decoded(delivery: Delivery) -> Message | str:
    """Return the message, or why it cannot be read."""
    try:
        message = messages.decode(delivery.body)
    except MalformedMessageError as error:
        return str(error)
    if message.account_id != delivery.group:
        return "the message belongs to another account than its group"
    return message


def _is_background(received: Sequence[_Received]) -> bool:
    return all(isinstance(message, Message) and message.is_background for _, message in received)
