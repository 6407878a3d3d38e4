"""What `reconcile` asks for, what that costs, and what becomes of what the queue does not take."""

import heapq
import itertools
import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from calendar_mirror import due, instants, reconcile
from calendar_mirror.accounts_table import AccountsTable
from calendar_mirror.errors import AwsCallError, StoreBusyError
from calendar_mirror.sync_queue import SyncQueue
from functions.reconcile import app

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)
LATER = instants.to_precise_text(NOW + due.ASKED_FOR)
#: Items of the index on one page; 1 MB holds some ten thousand.
PAGE = 1000
#: Calls that are under way at the same time, as in the function.
AT_ONCE = app.AT_ONCE


def refusal(code):
    return ClientError({"Error": {"Code": code}}, "Call")


class Aws:
    """
    The index of what is due, and the queue: as clients of boto3.

    Attributes:
        due_at: by account.
        asked: accounts, as their messages arrived.
        refuse: accounts whose messages the queue does not take.
        trouble: codes of errors, by the name of the call and its number (from 1).
        takes_s: of each call.
    """

    def __init__(self, fleet, *, not_due=0, takes_s=0.0):
        self.due_at = {f"acc_{n}": instants.to_precise_text(NOW - hour(n)) for n in range(fleet)}
        self.due_at |= {f"not_{n}": instants.to_precise_text(NOW + hour(1)) for n in range(not_due)}
        self.asked, self.calls, self.refuse, self.trouble = [], Counter(), set(), {}
        self.takes_s, self.read, self.lock = takes_s, 0, threading.Lock()

    def called(self, name):
        time.sleep(self.takes_s)
        with self.lock:
            self.calls[name] += 1
            code = self.trouble.get((name, self.calls[name]))
        if code:
            raise refusal(code)

    def query(self, *, Limit, ScanIndexForward, ExpressionAttributeValues, **more):  # noqa: N803
        self.called("query")
        now, start = ExpressionAttributeValues[":now"], more.get("ExclusiveStartKey")
        found = sorted((at, name) for name, at in self.due_at.items() if at <= now)
        found = found if ScanIndexForward else found[::-1]
        begin = found.index((start["due_at"], start["account_id"])) + 1 if start else 0
        page = found[begin : begin + min(Limit, PAGE)]
        items = [{"account_id": name, "due_at": at} for at, name in page]
        self.read += len(items)
        is_last = begin + len(page) == len(found)
        return {"Items": items} | ({} if is_last else {"LastEvaluatedKey": items[-1]})

    def update_item(self, *, Key, ExpressionAttributeValues, **_):  # noqa: N803
        self.called("update_item")
        name, values = Key["account_id"], ExpressionAttributeValues
        with self.lock:
            if self.due_at[name] != values[":was"]:
                raise refusal("ConditionalCheckFailedException")
            self.due_at[name] = values[":due_at"]
        return {}

    def send_message_batch(self, *, QueueUrl, Entries):  # noqa: N803
        self.called("send_message_batch")
        assert len(Entries) <= 10
        assert len({entry["Id"] for entry in Entries}) == len(Entries)
        failed = [e for e in Entries if e["MessageGroupId"] in self.refuse]
        with self.lock:
            taken = [e for e in Entries if e not in failed]
            self.asked += [json.loads(e["MessageBody"])["account_id"] for e in taken]
        return {"Successful": [], "Failed": [{"Id": e["Id"], "Code": "no"} for e in failed]}


def hour(number):
    return timedelta(hours=1, milliseconds=number)


def ask(aws, most=1000, spread=map):
    unique = itertools.count()
    queue = SyncQueue(aws, "queue")
    return reconcile.ask_all(
        AccountsTable(aws, "accounts"),
        lambda batch: queue.send_all(batch, unique=lambda: f"{next(unique)}"),
        now=NOW,
        most=most,
        spread=spread,
    )


def test_each_account_that_is_due_is_asked_for_once_and_put_off():
    aws = Aws(25, not_due=5)

    assert ask(aws) == 25
    assert sorted(aws.asked) == sorted(f"acc_{n}" for n in range(25))
    assert {aws.due_at[f"acc_{n}"] for n in range(25)} == {LATER}
    assert ask(aws) == 0


def test_a_run_costs_one_update_an_account_and_one_call_of_the_queue_for_ten():
    aws = Aws(95)

    ask(aws, most=200)

    assert aws.calls == {"query": 1, "update_item": 95, "send_message_batch": 10}


@pytest.mark.parametrize("fleet", [0, 10_000])
def test_accounts_that_are_not_due_cost_nothing(fleet):
    aws = Aws(7, not_due=fleet)

    ask(aws, most=437)

    assert aws.calls == {"query": 1, "update_item": 7, "send_message_batch": 1}
    assert aws.read == 7


def test_of_a_fleet_that_is_due_as_many_are_asked_for_as_the_budget_carries():
    aws = Aws(10_000)

    assert ask(aws, most=437) == len(set(aws.asked)) == 437
    assert aws.calls == {"query": 2, "update_item": 437, "send_message_batch": 44}
    assert aws.read == 437


def test_more_than_one_page_is_read_up_to_what_is_wanted():
    aws = Aws(5_000)

    assert ask(aws, most=2_500) == len(set(aws.asked)) == 2_500
    assert aws.calls["query"] == 2 + 2


def test_three_thousand_accounts_are_asked_for_well_under_ten_seconds():
    aws = Aws(3_000, not_due=7_000, takes_s=0.01)

    began = time.perf_counter()
    with ThreadPoolExecutor(16) as pool:
        assert ask(aws, most=3_000, spread=pool.map) == 3_000
    took_s = time.perf_counter() - began

    print(f"\n3,000 of 10,000 accounts, {aws.calls.total()} calls of 10 ms: {took_s:.1f} s")
    assert sorted(aws.asked) == sorted(f"acc_{n}" for n in range(3_000))
    assert aws.calls.total() <= 3_000 + 300 + 8
    assert took_s < 6


class Lanes:
    """
    Works on several tens at once, as a pool does, and tells how long that would have taken.

    Attributes:
        free_at: when each lane is free again, in seconds.
    """

    def __init__(self, aws, at_once, call_s):
        self.aws, self.call_s, self.free_at = aws, call_s, [0.0] * at_once

    def __call__(self, work, tens):
        asked = self.aws.calls.total()
        self.free_at = [asked * self.call_s] * len(self.free_at)
        for ten in tens:
            before = self.aws.calls.total()
            yield work(ten)
            took_s = (self.aws.calls.total() - before) * self.call_s
            heapq.heappush(self.free_at, heapq.heappop(self.free_at) + took_s)

    @property
    def took_s(self):
        return max(self.free_at)


@pytest.mark.parametrize("not_due", [100, 10_000])
@pytest.mark.parametrize(
    ("most", "calls"),
    [
        (437, {"query": 2, "update_item": 437, "send_message_batch": 44}),
        (10_000, {"query": 10, "update_item": 10_000, "send_message_batch": 1_000}),
    ],
    ids=["as many as 500 calls a minute carry", "all of them"],
)
def test_a_run_with_ten_thousand_accounts_due_costs_what_it_asks_for_and_takes_seconds(
    not_due, most, calls
):
    aws = Aws(10_000, not_due=not_due)
    lanes = Lanes(aws, AT_ONCE, 0.01)

    assert ask(aws, most=most, spread=lanes) == most

    print(
        f"\n{most} of 10,000 accounts that are due, {not_due} that are not: {aws.calls.total()} "
        f"calls of 10 ms, {AT_ONCE} at once: {lanes.took_s:.1f} s"
    )
    assert (aws.calls, aws.read) == (calls, most)
    assert lanes.took_s < 10


def test_an_account_whose_message_was_refused_is_due_again_at_once():
    aws = Aws(25)
    before = dict(aws.due_at)
    aws.refuse = {"acc_3", "acc_17"}

    assert ask(aws) == 23
    assert {name for name, at in aws.due_at.items() if at == before[name]} == aws.refuse
    aws.refuse = set()
    assert ask(aws) == 2
    assert len(aws.asked) == len(set(aws.asked)) == 25


def test_a_queue_that_is_away_is_told_and_delays_nobody():
    aws = Aws(25)
    before = dict(aws.due_at)
    aws.trouble = {("send_message_batch", n): "ServiceUnavailable" for n in range(1, 9)}

    with pytest.raises(AwsCallError):
        ask(aws)

    assert aws.due_at == before
    assert aws.calls["send_message_batch"] == 1


def test_a_queue_that_is_away_stops_a_pool_early():
    aws = Aws(2_000, takes_s=0.001)
    before = dict(aws.due_at)
    aws.trouble = {("send_message_batch", n): "ServiceUnavailable" for n in range(1, 999)}

    with ThreadPoolExecutor(8) as pool, pytest.raises(AwsCallError):
        ask(aws, most=2_000, spread=pool.map)

    assert aws.due_at == before
    assert aws.calls["send_message_batch"] < 40


def test_what_is_put_off_already_is_asked_for_though_the_table_fails():
    aws = Aws(25)
    before = dict(aws.due_at)
    aws.trouble = {("update_item", 14): "ProvisionedThroughputExceededException"}

    with pytest.raises(StoreBusyError):
        ask(aws)

    put_off = {name for name, at in aws.due_at.items() if at != before[name]}
    assert set(aws.asked) == put_off
    assert len(aws.asked) == 13


def test_what_another_run_asks_for_is_left_to_it():
    first = Aws(20)
    seen = AccountsTable(first, "accounts")
    found = list(seen.due(now=NOW, most=20))
    for account_id, due_at in found[:5]:
        seen.postpone(account_id, due_at, until=NOW + due.ASKED_FOR)

    class Stale:
        """An index that does not know of it yet."""

        def due(self, *, now, most):
            return iter(found)

        postpone = staticmethod(seen.postpone)

    queue = SyncQueue(first, "queue")
    sent = lambda batch: queue.send_all(batch, unique=lambda: "1")  # noqa: E731

    assert reconcile.ask_all(Stale(), sent, now=NOW, most=20) == 15
    assert len(first.asked) == 15


def test_accounts_that_come_round_often_do_not_wait_behind_a_fleet():
    aws = Aws(5_000)
    for number in range(20):
        aws.due_at[f"polled_{number}"] = instants.to_precise_text(NOW - timedelta(minutes=2))

    ask(aws, most=437)

    assert {name for name in aws.asked if name.startswith("polled")} == {
        f"polled_{number}" for number in range(20)
    }
    longest_overdue = [f"acc_{n}" for n in range(4_999, 4_999 - 219, -1)]
    assert set(longest_overdue) <= set(aws.asked)
