from datetime import UTC, datetime

from calendar_mirror.sync_queue import Delivery


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
        "dead_letters": 0,
    }
    assert "latest read         never" in stack.run("status").stdout


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
