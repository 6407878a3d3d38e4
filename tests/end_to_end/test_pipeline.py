"""A change in the calendar, all the way into the table, through the deployed template."""

import base64
import hmac
import json
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import requests

from demonstration import sight, steps
from local_stack import aws
from local_stack.stack import Stack


def connected(stack: Stack):
    """Look at a stack, with a new account whose calendars are filled and mirrored."""
    looking = sight.at(Path(stack.logs).parent / "stack.json")
    account = looking.calendar.new_account(f"acc_{uuid4().hex[:10]}", ["Home", "Work"])
    steps.fill(looking.calendar, account, today=datetime.now(UTC).date())
    watch = looking.watch(account.account_id)
    passage = watch.until_equal(lambda: looking.put_in_place(account), lambda _: None)
    assert passage.seconds is not None
    return looking, account, watch


def test_every_kind_of_change_arrives_within_4_seconds_and_costs_one_read(stack: Stack) -> None:
    looking, account, watch = connected(stack)
    passages = [
        watch.until_equal(step.make, lambda _: None)
        for step in steps.changes(looking.calendar, account)
    ]

    assert statistics.median(passage.seconds for passage in passages) < 4
    *single, burst = passages
    assert [passage.calls for passage in single] == [1] * len(single)
    assert [passage.writes for passage in single] == [1, 1, 1, 2, 1]
    assert burst.writes == steps.BURST
    assert watch.differing() == set()


def test_without_merging_a_change_arrives_within_one_and_a_half_seconds(
    stack_without_merging: Stack,
) -> None:
    looking, account, watch = connected(stack_without_merging)
    looking.calendar.create(account.account_id, {"event_uid": "evt_external_1"})
    passages = [
        watch.until_equal(
            lambda word=word: looking.calendar.change(
                account.account_id, "evt_external_1", {"summary": word}
            ),
            lambda _: None,
        )
        for word in ("one", "two", "three", "four", "five")
    ]

    assert statistics.median(passage.seconds for passage in passages) < 1.5


def signed(account_id: str, stack: Stack) -> tuple[str, bytes, dict[str, str]]:
    url = stack.notifications_url.replace("{account_id}", account_id)
    body = json.dumps(
        {
            "notification": {
                "type": "change",
                "changes_since": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            },
            "channel": {"channel_id": "chn_1", "callback_url": url, "filters": {}},
        }
    ).encode()
    digest = base64.b64encode(hmac.digest(stack.client_secret.encode(), body, "sha256")).decode()
    return url, body, {"Cronofy-HMAC-SHA256": digest}


def test_200_notifications_as_fast_as_they_are_taken_cost_a_read_for_each_second_and_one_more(
    stack: Stack,
) -> None:
    _, account, watch = connected(stack)
    local = threading.local()

    def post(_: int) -> int:
        if not hasattr(local, "session"):
            local.session = requests.Session()
        url, body, headers = signed(account.account_id, stack)
        return local.session.post(url, data=body, headers=headers, timeout=10).status_code

    def burst() -> None:
        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(post, range(200))) == {200}

    first = time.time()
    passage = watch.until_equal(burst, lambda _: None)
    last = first + passage.seconds
    buckets = int(last) - int(first) + 1

    assert 1 <= passage.calls <= buckets + 1
    assert passage.writes == 0


def test_what_cannot_be_read_lands_in_the_dead_letter_queue_with_its_reason(stack: Stack) -> None:
    looking, account, _ = connected(stack)
    fault = {"kind": "malformed", "account_id": account.account_id, "count": 1}
    looking.calendar.call("POST", "faults", fault)
    url, body, headers = signed(account.account_id, stack)
    assert requests.post(url, data=body, headers=headers, timeout=10).status_code == 200

    dead = stack.outputs["DeadLetterQueueUrl"]
    deadline = time.monotonic() + 20
    found: list[dict[str, object]] = []
    while not found and time.monotonic() < deadline:
        answer = looking.queue.client.receive_message(
            QueueUrl=dead, MessageAttributeNames=["All"], AttributeNames=["All"], WaitTimeSeconds=1
        )
        found = answer.get("Messages", [])

    (message,) = found
    assert message["Attributes"]["MessageGroupId"] == account.account_id
    assert "JSON" in message["MessageAttributes"]["reason"]["StringValue"]
    looking.queue.client.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])


def test_an_outage_is_waited_out_and_nothing_is_lost(stack: Stack) -> None:
    looking, account, watch = connected(stack)
    fault = {"kind": "status", "status": 503, "path": "/v1/*", "lasts_seconds": 4}
    looking.calendar.call("POST", "faults", fault)

    passage = watch.until_equal(
        lambda: looking.calendar.create(account.account_id, {"summary": "during the outage"}),
        lambda _: None,
    )

    assert passage.seconds is not None
    assert passage.calls >= 2


def test_an_expired_token_is_refreshed_under_enforced_permissions(stack: Stack) -> None:
    looking, account, watch = connected(stack)
    looking.calendar.call("POST", f"accounts/{account.account_id}/tokens/expire")

    passage = watch.until_equal(
        lambda: looking.calendar.create(account.account_id, {"summary": "after the expiry"}),
        lambda _: None,
    )

    assert passage.seconds is not None


def test_no_token_secret_or_content_is_in_the_functions_logs(stack: Stack) -> None:
    looking, account, watch = connected(stack)
    planted = f"planted-{uuid4().hex}"
    watch.until_equal(
        lambda: looking.calendar.create(account.account_id, {"summary": planted}), lambda _: None
    )

    logs = aws.client("logs", stack.aws_endpoint_url)
    lines = [
        line["message"]
        for group in logs.describe_log_groups()["logGroups"]
        for line in logs.filter_log_events(logGroupName=group["logGroupName"])["events"]
    ]
    text = "\n".join(lines)
    assert account.account_id in text
    for secret in (planted, account.access_token, account.refresh_token, stack.client_secret):
        assert secret not in text
