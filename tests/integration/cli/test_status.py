from datetime import UTC, datetime, timedelta

import pytest

from calendar_mirror.sync_queue import Delivery
from calmirror import status
from calmirror.letters import Letter


def test_a_new_stack_has_nothing_to_tell(stack):
    assert stack.told("status") == {
        "stack": "mirror",
        "aws": stack.endpoint,
        "notifications_url": stack.outputs["NotificationsUrl"],
        "accounts": {},
        "never_read": 0,
        "latest_read": None,
        "oldest_read": None,
        "messages_waiting": 0,
        "messages_in_flight": 0,
        "oldest_waiting_s": None,
        "budget_headroom": {},
        "dead_letters": 0,
        "dead_letters_by_age": {},
    }
    assert "latest read          never" in stack.run("status").stdout


def test_accounts_are_counted_by_state_and_by_what_was_read(stack, account):
    stack.run("accounts", "add", "acc_2", "--refresh-token", "token")
    stack.run("accounts", "add", "acc_3", "--refresh-token", "token")
    stack.accounts.mark_needs_user("acc_3", "forbidden", since=datetime.now(UTC))

    told = stack.told("status")

    assert told["accounts"] == {"connected": 2, "needs_user": 1}
    assert told["never_read"] == 2
    assert told["latest_read"] == told["oldest_read"]
    read = stack.accounts.get(account["account_id"]).last_read.started_at
    assert datetime.fromisoformat(told["latest_read"]) == read.replace(microsecond=0)
    said = stack.run("status").stdout
    assert "2 connected" in said
    assert "1 needs_user" in said


def test_messages_are_counted_by_where_they_are(stack):
    for name in ("acc_1", "acc_2", "acc_3"):
        stack.run("accounts", "add", name, "--refresh-token", "token")
    sqs = stack.client("sqs")
    sqs.receive_message(QueueUrl=stack.outputs["SyncQueueUrl"], MaxNumberOfMessages=1)
    letter = Delivery("1", "receipt", "acc_1", 1, "{}")
    sqs.send_message(
        QueueUrl=stack.outputs["DeadLetterQueueUrl"],
        MessageBody=letter.body,
        MessageGroupId=letter.group,
        MessageDeduplicationId=letter.message_id,
    )

    told = stack.told("status")

    counted = ("messages_waiting", "messages_in_flight", "dead_letters")
    assert [told[name] for name in counted] == [2, 1, 1]


def test_dead_letters_are_counted_by_age(stack):
    for number in range(3):
        stack.client("sqs").send_message(
            QueueUrl=stack.outputs["DeadLetterQueueUrl"],
            MessageBody="{}",
            MessageGroupId=f"acc_{number}",
            MessageDeduplicationId=str(number),
        )

    assert stack.told("status")["dead_letters_by_age"] == {
        "last_hour": 3,
        "last_day": 0,
        "older": 0,
    }
    assert "last hour 3, last day 0, older 0" in stack.run("status").stdout


@pytest.mark.parametrize(
    ("age", "bucket"),
    [
        (timedelta(minutes=-1), "last_hour"),
        (timedelta(minutes=59), "last_hour"),
        (timedelta(hours=1), "last_day"),
        (timedelta(days=1), "older"),
    ],
)
def test_a_letter_falls_into_one_age(age, bucket):
    now = datetime(2026, 3, 1, tzinfo=UTC)
    letter = Letter("1", "acc_1", now - age, "", "", "")

    counted = status._by_age([letter], now)  # noqa: SLF001

    assert {name for name, count in counted.items() if count} == {bucket}


def test_how_long_the_oldest_waits_is_what_cloudwatch_has(stack):
    stack.client("cloudwatch").put_metric_data(
        Namespace="AWS/SQS",
        MetricData=[
            {
                "MetricName": "ApproximateAgeOfOldestMessage",
                "Dimensions": [
                    {
                        "Name": "QueueName",
                        "Value": stack.outputs["SyncQueueUrl"].rsplit("/", 1)[-1],
                    }
                ],
                "Timestamp": datetime.now(UTC) - timedelta(minutes=minutes),
                "Value": seconds,
            }
            for minutes, seconds in ((9, 400), (4, 120))
        ],
    )

    assert stack.told("status")["oldest_waiting_s"] == 120


def test_what_is_left_of_the_budget_is_told_by_data_center(stack, account):
    stack.run("verify", account["account_id"])

    told = stack.told("status")

    assert 0 < told["budget_headroom"]["us"] <= 1
    assert "us " in stack.run("status").stdout
    assert "oldest waiting s     not measured" in stack.run("status").stdout


def test_an_account_with_a_lost_profile_counts_as_disconnected(stack, account):
    account_id = account["account_id"]
    (profile,) = stack.control("GET", f"accounts/{account_id}")["profiles"]
    stack.control("POST", f"accounts/{account_id}/profiles/{profile['profile_id']}/disconnect")
    stack.run("sync", account_id, "--full")
    stack.settle()

    assert stack.told("status")["accounts"] == {"disconnected": 1}
