import json
from datetime import UTC, datetime, timedelta

from calendar_mirror.sync_queue import Delivery, SyncQueue


def set_aside(stack, *groups, reason="message version 9 is not known"):
    queue = SyncQueue(
        stack.client("sqs"), stack.outputs["SyncQueueUrl"], stack.outputs["DeadLetterQueueUrl"]
    )
    for number, group in enumerate(groups):
        letter = Delivery(f"message-{number}", "receipt", group, 1, json.dumps({"number": number}))
        assert queue.set_aside([letter], reason)


def test_an_empty_queue_says_so(stack):
    assert stack.run("dlq", "list").stdout == "No dead letter.\n"
    assert stack.told("dlq", "list") == []


def test_each_letter_shows_reason_account_and_age(stack):
    set_aside(stack, "acc_1", "acc_2")

    lines = stack.run("dlq", "list").stdout.splitlines()
    assert len(lines) == 3
    assert all("message version 9 is not known" in line for line in lines[1:])
    assert all(" s ago" in line for line in lines[1:])
    told = stack.told("dlq", "list")
    assert {each["account_id"] for each in told} == {"acc_1", "acc_2"}
    arrived = datetime.fromisoformat(told[0]["arrived"])
    assert timedelta(seconds=-1) <= datetime.now(UTC) - arrived < timedelta(seconds=60)


def test_letters_stay_and_can_be_received_at_once(stack):
    set_aside(stack, "acc_1", "acc_2", "acc_3")

    stack.run("dlq", "list")

    assert len(stack.told("dlq", "list")) == 3
    assert len(stack.messages("DeadLetterQueueUrl")) == 3


def test_more_letters_than_sqs_hands_out_at_once_are_listed(stack):
    set_aside(stack, *(f"acc_{number}" for number in range(23)))

    assert len(stack.told("dlq", "list")) == 23


def test_a_letter_that_sqs_moved_itself_was_received_too_often(stack):
    stack.client("sqs").send_message(
        QueueUrl=stack.outputs["DeadLetterQueueUrl"],
        MessageBody="{}",
        MessageGroupId="acc_1",
        MessageDeduplicationId="1",
    )

    (letter,) = stack.told("dlq", "list")
    assert letter["reason"] == "received too often"


def test_letters_that_are_hidden_are_counted(stack):
    set_aside(stack, "acc_1", "acc_2")
    stack.client("sqs").receive_message(
        QueueUrl=stack.outputs["DeadLetterQueueUrl"], MaxNumberOfMessages=1
    )

    listed = stack.run("dlq", "list")

    assert len(listed.stdout.splitlines()) == 2
    assert listed.stderr == "These are 1 of about 2.\n"


def test_programs_are_told_as_well_that_sqs_shows_ten_of_one_account(stack):
    set_aside(stack, *("acc_1" for _ in range(23)))

    listed = stack.run("dlq", "list", "--json")

    assert len(json.loads(listed.stdout)) == 10
    assert listed.stderr == "These are 10 of about 23.\n"
