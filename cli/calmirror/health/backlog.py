"""Does work wait, and what has nobody been able to make sense of?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from calmirror import dead_letters, printing
from calmirror.health import measured
from calmirror.health.findings import Finding, error, ok, warning
from calmirror.letters import depth
from calmirror.stacks import Stack

_TOO_OLD = timedelta(minutes=15)


def oldest(stack: Stack, now: datetime) -> timedelta | None:
    """
    Return how long the oldest message on the sync queue waits. Only CloudWatch knows; ``None``: it
    does not.

    Source: SQS developer guide, "Available CloudWatch metrics for Amazon SQS"
    """
    seconds = measured.total(
        stack,
        "AWS/SQS",
        "ApproximateAgeOfOldestMessage",
        measured.sync_queue(stack),
        over=timedelta(minutes=15),
        now=now,
        statistic="Maximum",
    )
    return None if seconds is None else timedelta(seconds=seconds)


def waiting(stack: Stack, now: datetime) -> Iterator[Finding]:
    """Look at the sync queue."""
    count = depth(stack.client("sqs"), stack.output("SyncQueueUrl"), "", "NotVisible", "Delayed")
    age = oldest(stack, now)
    if age is not None and age > _TOO_OLD:
        yield error(
            "queue",
            f"{count} messages wait, the oldest since {printing.age(now - age, now)}.",
            "The findings above may say why. `calmirror tail` shows what becomes of them; "
            "SyncConcurrency and CronofyCallsPerMinute bound how fast they go.",
        )
        return
    known = "how long is not measured here" if age is None else f"the oldest {age.seconds} s"
    yield ok("queue", f"{count} messages wait, {known}.")


def letters(stack: Stack, now: datetime) -> Iterator[Finding]:
    """Look at the dead-letter queues: of `sync`, and of the change feed."""
    kept = dead_letters.of(stack)
    if kept.about():
        found = kept.shown()
        reasons = Counter(each.reason for each in found).most_common(3)
        said = "; ".join(f"{count} times {reason!r}" for reason, count in reasons)
        first = min((each.arrived for each in found), default=None)
        yield error(
            "dead letters",
            f"About {kept.about()}, the oldest from {printing.age(first, now)}: {said}.",
            "`calmirror dlq list` names the accounts, `calmirror dlq show ACCOUNT` tells what to "
            "do; once the cause is gone, `calmirror dlq redrive`.",
        )
    else:
        yield ok("dead letters", "None.")
    url = stack.outputs.get("FeedDeadLetterQueueUrl")
    missed = depth(stack.client("sqs"), url, "", "NotVisible") if url else 0
    if missed:
        yield warning(
            "change feed",
            f"{missed} stretches of the events table's stream did not reach the change feed.",
            "docs/change-feed.md tells how to make up for them; the table itself is right.",
        )
