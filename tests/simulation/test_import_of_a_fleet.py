"""A fleet is taken over: how long that takes, what it costs, and whether the limits are kept."""

import itertools
import json
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from calendar_mirror import budgets
from calmirror import import_files, importing
from calmirror.import_course import Put
from cronofy_simulator.settings import Settings
from tests.models.mirror import Mirror

CALLS_PER_MINUTE, FLEET, SAMPLE = 500, 5_000, 25
KILLED_AFTER = (1_234, 2_345)
MINUTE = timedelta(minutes=1)
#: The clock does not ring when the import ends, which asks for the first accounts itself.
FIRST_RING_S, EVERY_S = 137, 300
LOOKS = budgets.looks_within(CALLS_PER_MINUTE, EVERY_S // 60)


class KilledError(Exception):
    """The command is killed here."""


@dataclass
class Adding:
    """
    The accounts' `add`, which kills after so many calls.

    Attributes:
        added: how often each account was stored.
    """

    accounts: object
    after: int
    calls: itertools.count = field(default_factory=itertools.count)
    added: Counter = field(default_factory=Counter)

    def __call__(self, account, *, added_at, due_at):
        if next(self.calls) >= self.after:
            raise KilledError
        is_new = self.accounts.add(account, added_at=added_at, due_at=due_at)
        self.added[account.account_id] += is_new
        return is_new


def file_of(made):
    """Return what an application would write of its accounts."""
    names = ("account_id", "refresh_token")
    return "\n".join(json.dumps({name: each[name] for name in names}) for each in made).encode()


def store(rows, adding, mirror):
    """Store what is not there yet, as the command does."""
    new = [row for row in rows if row.account.account_id not in mirror.accounts.kept]
    return importing.store(new, adding, mirror.clock, calls_per_minute=CALLS_PER_MINUTE)


def ring_until_read(mirror):
    """Let the clock ring and the worker work until every account was read; return the minutes."""
    began, ring_at = mirror.clock(), mirror.clock() + timedelta(seconds=FIRST_RING_S)
    mirror.reconcile(LOOKS)
    while any(account.last_read is None for account in mirror.accounts.kept.values()):
        assert mirror.clock() - began < timedelta(hours=6)
        work_until(mirror, ring_at)
        mirror.reconcile(LOOKS)
        ring_at += timedelta(seconds=EVERY_S)
    return (mirror.clock() - began) / timedelta(minutes=1)


def work_until(mirror, at):
    while mirror.clock() < at:
        if mirror.drain():
            continue
        visible_at = mirror.queue.next_visible_at() or at.timestamp()
        ahead = min(visible_at, at.timestamp()) - mirror.clock().timestamp()
        mirror.clock.turn(max(0.001, ahead))


def peak_of(times, seconds):
    """Return the most calls within any so many seconds."""
    stamps = sorted(each.timestamp() for each in times)
    return max(i + 1 - bisect_left(stamps, at - seconds + 1e-6) for i, at in enumerate(stamps))


@pytest.fixture(scope="module")
def fleet():
    """The whole take-over, once."""
    settings = Settings(calls_per_minute=CALLS_PER_MINUTE, calls_per_second=50)
    assert settings.limits_enabled
    mirror = Mirror(settings=settings, limit=budgets.limit(CALLS_PER_MINUTE))
    calls = []
    mirror.provider.before = lambda request: calls.append(mirror.clock())
    made = mirror.provider.control("POST", "accounts", count=FLEET)["accounts"]
    sample = [each["account_id"] for each in made[:: FLEET // SAMPLE]]
    for account_id in sample:
        mirror.provider.control(
            "POST", f"accounts/{account_id}/events", count=3, summary="Event", quiet=True
        )
    rows = import_files.read(
        file_of(made), data_center="us", check_data_center=lambda name: None
    ).rows
    added = Counter()
    for after in KILLED_AFTER:
        adding = Adding(mirror.accounts, after, added=added)
        with pytest.raises(KilledError):
            list(store(rows, adding, mirror))
    last = list(store(rows, Adding(mirror.accounts, FLEET, added=added), mirror))
    minutes = ring_until_read(mirror)
    return mirror, sample, added, last, calls, minutes


def test_each_account_is_stored_once_though_the_command_was_killed_twice(fleet):
    mirror, _, added, last, *_ = fleet

    assert (len(added), set(added.values())) == (FLEET, {1})
    assert Counter(put for _, put in last)[Put.STORED] == FLEET - sum(KILLED_AFTER)
    assert len(mirror.accounts.kept) == FLEET


def test_every_account_is_read_once_and_has_its_channel(fleet):
    mirror, *_ = fleet

    assert [a for a in mirror.accounts.kept.values() if a.last_read is None] == []
    assert [a for a in mirror.accounts.kept.values() if a.channel is None] == []
    assert mirror.outcomes()["read"] == FLEET
    assert mirror.queue.dead == []


def test_the_rows_are_what_cronofy_has(fleet):
    mirror, sample, *_ = fleet

    for account_id in sample:
        assert len(mirror.events.live(account_id)) == 3
        assert mirror.events.live(account_id) == mirror.truth(account_id)


def test_cronofy_s_limits_are_kept(fleet):
    mirror, _, _, _, calls, minutes = fleet
    told = mirror.provider.control("GET", "calls")

    per_minute, per_second = peak_of(calls, 60), peak_of(calls, 1)
    print(
        f"\n{FLEET} accounts, {minutes:.0f} virtual minutes, {len(calls) / FLEET:.2f} calls an "
        f"account, at most {per_minute} a minute and {per_second} a second, "
        f"{len(told['throttled_at'])} answers of 429, "
        f"{mirror.outcomes()['put_back']} messages put back"
    )

    first = datetime.fromisoformat(told["first_at"])
    late = [at for at in told["throttled_at"] if datetime.fromisoformat(at) - first > MINUTE]
    assert late == []
    assert per_minute <= CALLS_PER_MINUTE
    assert len(calls) / FLEET <= 6
