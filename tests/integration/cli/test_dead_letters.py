import json
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from calendar_mirror import messages
from calendar_mirror.messages import Kind
from calendar_mirror.sync_queue import Delivery, SyncQueue
from calmirror.letters import DeadLetters


def set_aside(stack, *groups, reason="message version 9 is not known"):
    queue = SyncQueue(
        stack.client("sqs"), stack.outputs["SyncQueueUrl"], stack.outputs["DeadLetterQueueUrl"]
    )
    for number, group in enumerate(groups):
        letter = Delivery(f"message-{number}", "receipt", group, 1, json.dumps({"number": number}))
        assert queue.set_aside([letter], reason)


def put(stack, body, group, reason="received too often"):
    stack.client("sqs").send_message(
        QueueUrl=stack.outputs["DeadLetterQueueUrl"],
        MessageBody=body,
        MessageGroupId=group,
        MessageDeduplicationId=uuid4().hex,
        MessageAttributes={"reason": {"DataType": "String", "StringValue": reason}},
    )


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
    assert listed.stderr.startswith("These are 1 of about 2. Somebody else is looking")


def test_programs_are_told_as_well_that_sqs_shows_ten_of_one_account(stack):
    set_aside(stack, *("acc_1" for _ in range(23)))

    listed = stack.run("dlq", "list", "--json")

    assert len(json.loads(listed.stdout)) == 10
    assert listed.stderr.startswith("These are 10 of about 23. SQS shows ten at a time of acc_1;")


def waiting(stack):
    return stack.messages("SyncQueueUrl")


def test_a_letter_shows_what_it_asks_for_and_what_to_do(stack):
    message = messages.request("acc_1", Kind.DELTA, now=datetime.now(UTC), cause="change")
    put(stack, messages.encode(message), "acc_1", reason="Read Events answered 418")
    put(stack, "{}", "acc_2")

    shown = stack.run("dlq", "show", "acc_1")

    assert shown.exit_code == 0
    assert "Read Events answered 418" in shown.stdout
    assert "`calmirror doctor acc_1`" in shown.stdout
    assert "acc_2" not in shown.stdout
    (told,) = stack.told("dlq", "show", "acc_1")
    assert (told["asks_for"], told["asked_for_by"]) == ("delta", "change")
    assert stack.told("dlq", "show", told["message_id"]) == [told]


def test_a_letter_that_nobody_can_read_is_shown_as_it_is(stack):
    put(stack, '{"version": 9}', "acc_1", reason="message version 9 is not known")

    (told,) = stack.told("dlq", "show", "acc_1")

    assert told["body"] == '{"version": 9}'
    assert told["cannot_be_read"] == "message version 9 is not known"
    assert "`calmirror sync acc_1 --full --wait`" in told["what_to_do"]


def test_a_letter_that_is_not_there_is_not_shown(stack):
    result = stack.run("dlq", "show", "acc_1")

    assert result.exit_code == 1
    assert "No dead letter that SQS shows is of acc_1" in result.output


def test_redriven_letters_are_on_the_queue_in_their_group_and_gone_from_here(stack):
    for number in range(23):
        put(stack, json.dumps({"number": number}), "acc_1")
    put(stack, json.dumps({"number": 99}), "acc_2")

    told = stack.told("dlq", "redrive", "--all", "--per-minute", "6000")

    assert (len(told["moved"]), told["left"]) == (24, 0)
    assert stack.messages("DeadLetterQueueUrl") == []
    found = [each for _ in range(4) for each in stack.received("SyncQueueUrl")]
    groups = {each["Attributes"]["MessageGroupId"] for each in found}
    ids = {each["Attributes"]["MessageDeduplicationId"] for each in found}
    assert len(ids) == 24
    numbers = [json.loads(each["Body"])["number"] for each in found]
    assert groups == {"acc_1", "acc_2"}
    assert [number for number in numbers if number != 99] == list(range(23))


def test_a_letter_goes_back_even_if_sqs_has_just_seen_the_same_message(stack):
    message = messages.request("acc_1", Kind.FULL, now=datetime.now(UTC), cause="operator")
    for _ in range(2):
        put(stack, messages.encode(message), "acc_1")
        stack.run("dlq", "redrive", "--all", "--per-minute", "6000")

    assert len(waiting(stack)) == 2


@pytest.mark.parametrize(
    ("chosen", "moved"),
    [
        (["--reason", "418"], {"acc_1"}),
        (["--account", "acc_2"], {"acc_2"}),
        (["--older-than", "1h"], set()),
        (["--older-than", "0s"], {"acc_1", "acc_2"}),
        (["--reason", "418", "--account", "acc_2"], set()),
    ],
)
def test_only_what_meets_every_condition_is_moved(stack, chosen, moved):
    put(stack, "{}", "acc_1", reason="Read Events answered 418")
    put(stack, "{}", "acc_2")

    told = stack.told("dlq", "redrive", *chosen, "--per-minute", "6000")

    assert {each["account_id"] for each in told["moved"]} == moved
    assert told["left"] == 2 - len(moved)
    assert len(stack.messages("DeadLetterQueueUrl")) == 2 - len(moved)
    assert len(waiting(stack)) == len(moved)


def test_a_dry_run_moves_nothing(stack):
    put(stack, "{}", "acc_1")

    result = stack.run("dlq", "redrive", "--all", "--dry-run")

    assert "1 letter to be put back; nothing was moved" in result.stdout
    assert waiting(stack) == []
    assert len(stack.messages("DeadLetterQueueUrl")) == 1


def test_a_letter_that_comes_back_at_once_is_moved_only_once(stack):
    put(stack, "{}", "acc_1")
    moved = []

    def wanted(letter):
        return letter.arrived <= began

    began = datetime.now(UTC)
    letters = DeadLetters(stack.client("sqs"), stack.outputs["DeadLetterQueueUrl"])
    moving = letters.move(wanted, stack.outputs["SyncQueueUrl"], pace=lambda: None, interval_s=0)
    for letter in moving:
        moved.append(letter)
        put(stack, letter.body, letter.account_id)

    assert len(moved) == 1


def test_where_the_queue_refuses_the_letter_stays(stack):
    put(stack, "{}", "acc_1")
    letters = DeadLetters(stack.client("sqs"), stack.outputs["DeadLetterQueueUrl"])
    missing = stack.outputs["SyncQueueUrl"] + "-none"

    with pytest.raises(ClientError):
        list(letters.move(lambda _: True, missing, pace=lambda: None, interval_s=0))

    assert len(stack.messages("DeadLetterQueueUrl")) == 1


def test_letters_are_moved_no_faster_than_was_said(stack):
    for number in range(4):
        put(stack, "{}", f"acc_{number}")

    began = time.monotonic()
    stack.run("dlq", "redrive", "--all", "--per-minute", "120")

    assert time.monotonic() - began >= 1.5


@pytest.mark.parametrize("options", [[], ["--all", "--account", "acc_1"]])
def test_which_letters_are_meant_has_to_be_said(stack, options):
    result = stack.run("dlq", "redrive", *options)

    assert result.exit_code == 2
    assert "say which" in result.output


def test_an_age_that_is_none_is_refused(stack):
    result = stack.run("dlq", "redrive", "--older-than", "soon")

    assert result.exit_code == 2
    assert "write 90s, 15min, 2h or 3d" in result.output


def test_letters_behind_some_that_are_not_meant_are_moved_as_well(stack):
    for number in range(14):
        put(stack, "{}", "acc_1", reason="meant" if number >= 8 else "other")

    told = stack.told("dlq", "redrive", "--reason", "meant", "--per-minute", "6000")

    assert (len(told["moved"]), told["left"]) == (6, 8)


def test_where_ten_letters_that_are_not_meant_hide_others_that_is_said(stack):
    for number in range(12):
        put(stack, "{}", "acc_1", reason="meant" if number > 10 else "other")

    result = stack.run("dlq", "redrive", "--reason", "meant", "--per-minute", "6000")

    assert result.exit_code == 0
    assert "acc_1: ten messages that do not match are left" in result.stderr
