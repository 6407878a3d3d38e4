import json

import pytest

from calendar_mirror.messages import Kind


def test_a_change_is_accepted_and_asks_for_a_read(stack):
    done = stack.run("notify", "acc_1")

    assert done.exit_code == 0, done.output
    assert "/notifications/acc_1 answered 200 in " in done.stdout
    (message,) = stack.door.taken
    assert (message.account_id, message.kind, message.cause) == ("acc_1", Kind.DELTA, "change")
    assert message.changes_since is not None


def test_an_account_that_is_not_there_is_hinted_at(stack, account):
    unknown = stack.run("notify", "acc_1")
    known = stack.run("notify", account["account_id"])

    assert "There is no account acc_1 in mirror in us-east-1" in unknown.stderr
    assert "`calmirror accounts list`" in unknown.stderr
    assert "There is no account" not in known.stderr


def test_the_time_of_the_change_can_be_chosen(stack):
    stack.run("notify", "acc_1", "--changes-since", "2026-01-31T10:00:00+01:00")

    (message,) = stack.door.taken
    assert message.changes_since.isoformat() == "2026-01-31T09:00:00+00:00"


def test_any_type_can_be_sent(stack):
    told = stack.told("notify", "acc_1", "--type", "verification")

    assert (told["type"], told["status"]) == ("verification", 200)
    assert told["url"] == stack.outputs["NotificationsUrl"].replace("{account_id}", "acc_1")
    assert 0 < told["seconds"] < 10
    assert stack.door.taken == []


def test_it_can_go_to_another_api_and_still_says_that_it_is_for_the_stack(stack):
    elsewhere = stack.outputs["NotificationsUrl"].replace("/notifications/{account_id}", "/")
    nowhere = stack.run("notify", "acc_1", "--url", "http://127.0.0.1:1")
    there = stack.told("notify", "acc_1", "--url", elsewhere)

    assert (nowhere.exit_code, len(stack.door.taken)) == (1, 1)
    assert there["url"] == stack.outputs["NotificationsUrl"].replace("{account_id}", "acc_1")


def test_an_id_that_an_address_cannot_hold_as_it_is_arrives_as_it_was(stack):
    stack.run("notify", "acc#1%")

    assert [message.account_id for message in stack.door.taken] == ["acc#1%"]


def test_what_operators_have_written_signs_and_of_several_secrets_the_first(stack):
    entry = {"client_id": "id", "client_secret": "rotated,an-older-one"}
    stack.client("secretsmanager").put_secret_value(
        SecretId=stack.outputs["ClientSecretsArn"], SecretString=json.dumps({"us": entry})
    )

    assert stack.run("notify", "acc_1").exit_code == 0
    assert stack.door.secrets.of("us").secrets[0] == "rotated"


def test_a_notification_that_is_not_accepted_ends_with_1(stack):
    stack.door.status = 401

    refused = stack.run("notify", "acc_1")

    assert refused.exit_code == 1
    assert "answered 401" in refused.stdout
    assert stack.told("notify", "acc_1", ends_with=1)["status"] == 401


def test_an_address_that_does_not_answer_is_an_error(stack):
    stack.door.shutdown()
    stack.door.server_close()

    refused = stack.run("notify", "acc_1")

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "did not answer: ConnectionError" in refused.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("a/b",),
        ("acc_1", "--type", "unheard_of"),
        ("acc_1", "--changes-since", "yesterday"),
        ("acc_1", "--changes-since", "2026-01-31T09:00:00"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error_and_sends_nothing(stack, arguments):
    assert stack.run("notify", *arguments).exit_code == 2
    assert stack.door.taken == []
