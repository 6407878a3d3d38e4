"""Broken situations: the command that finds each names the cause, and what to do about it."""

import json
import re
import time
from datetime import UTC, datetime, timedelta

import pytest

from calendar_mirror.planning import CompletedRead
from calendar_mirror.scopes import ALL_EVENTS


@pytest.fixture
def account_id(account):
    return account["account_id"]


def findings(stack, *arguments, ends_with):
    """Return what `doctor` finds wrong: the first thing of each check."""
    told = stack.told("doctor", *arguments, ends_with=ends_with)["findings"]
    return {each["check"]: each for each in reversed(told) if each["level"] != "ok"}


def wait_until(condition, seconds=10):
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.05)


def put_secret(stack, secret, data_center="us"):
    document = {data_center: {"client_id": "simulator_client", "client_secret": secret}}
    stack.client("secretsmanager").put_secret_value(
        SecretId=stack.outputs["ClientSecretsArn"], SecretString=json.dumps(document)
    )


def test_a_healthy_stack_has_nothing_wrong(stack, account_id):
    result = stack.run("doctor", account_id)

    assert result.exit_code == 0, result.output
    assert "Nothing is wrong." in result.stdout


def test_a_wrong_secret_is_named_and_where_to_mend_it(stack, account_id):
    put_secret(stack, "not-the-secret")

    wrong = findings(stack, ends_with=1)

    assert set(wrong) == {"secret us"}
    assert "does not accept the client id and client secret" in wrong["secret us"]["said"]
    assert stack.outputs["ClientSecretsArn"] in wrong["secret us"]["what_to_do"]
    assert "put-secret-value" in wrong["secret us"]["what_to_do"]
    assert "not-the-secret" not in str(wrong)


def test_a_closed_channel_is_named_and_repaired(stack, account_id, door):
    (channel,) = stack.control("GET", f"accounts/{account_id}")["channels"]
    stack.control("PATCH", "settings", {"gone_closes_channel": True})
    door.status = 410
    stack.control("POST", f"accounts/{account_id}/notifications", {"type": "change"})
    wait_until(lambda: stack.control("GET", f"accounts/{account_id}")["channels"][0]["closed"])
    door.status = None

    wrong = findings(stack, ends_with=1)["channels"]

    assert f"{account_id}: Cronofy has closed its channel" in wrong["said"]
    repair = re.search(r"`calmirror (channels check .*? --repair)`", wrong["what_to_do"])[1]
    assert stack.run(*repair.split()).exit_code == 1
    stack.settle()
    assert findings(stack, ends_with=0) == {}
    assert channel["channel_id"] != stack.accounts.get(account_id).channel.channel_id


def test_a_revoked_account_is_named_and_how_its_user_connects_it_anew(stack, account_id):
    stack.control("POST", f"accounts/{account_id}/tokens/revoke")

    at_once = findings(stack, account_id, ends_with=1)["grant"]
    stack.run("sync", account_id)
    stack.settle()
    later = findings(stack, account_id, ends_with=1)

    assert "does not accept the grant: it has ended" in at_once["said"]
    assert "connect-link" in at_once["what_to_do"]
    assert f"{account_id} cannot be read: invalid_grant" in later["account"]["said"]
    assert "connect-link" in later["account"]["what_to_do"]
    assert "Cannot be read until somebody acts" in findings(stack, ends_with=0)["accounts"]["said"]


def test_an_outage_is_told_from_everything_that_it_makes_fail(stack, account_id):
    stack.control("POST", "faults", {"outage": True})

    wrong = findings(stack, account_id, ends_with=1)

    assert (
        "Cronofy (us) does not answer as it should: Cronofy answered 503"
        in (wrong["provider"]["said"])
    )
    assert "Nothing is lost" in wrong["provider"]["what_to_do"]
    assert not any(check.startswith("secret") for check in wrong)
    assert (
        "could not be asked for the channels of 1 account"
        in (findings(stack, ends_with=1)["channels"]["said"])
    )


def test_in_an_outage_not_every_account_is_asked_about_in_vain(stack):
    for _ in range(5):
        made = stack.control("POST", "accounts")
        token = made["refresh_token"]
        stack.run("accounts", "add", made["account_id"], "--refresh-token", "-", stdin=token)
    stack.settle()
    stack.control("POST", "faults", {"outage": True})

    said = findings(stack, ends_with=1)["channels"]["said"]

    assert "could not be asked for the channels of 3 accounts" in said


def test_a_poison_message_is_named_with_its_reason_and_put_back(stack, account_id):
    stack.client("sqs").send_message(
        QueueUrl=stack.outputs["SyncQueueUrl"],
        MessageBody='{"version": 9}',
        MessageGroupId=account_id,
        MessageDeduplicationId="1",
    )
    stack.settle()

    wrong = findings(stack, ends_with=1)["dead letters"]
    shown = stack.run("dlq", "show", account_id).stdout

    assert "message version 9 is not known" in wrong["said"]
    assert "`calmirror dlq redrive`" in wrong["what_to_do"]
    assert f"calmirror sync {account_id} --full --wait" in shown
    stack.told("dlq", "redrive", "--account", account_id)
    assert "dead letters" not in findings(stack, ends_with=0)


def test_a_throttled_table_is_named(stack, account_id):
    table = stack.outputs["EventsTableName"]
    stack.client("cloudwatch").put_metric_data(
        Namespace="AWS/DynamoDB",
        MetricData=[
            {
                "MetricName": "WriteThrottleEvents",
                "Dimensions": [{"Name": "TableName", "Value": table}],
                "Timestamp": datetime.now(UTC) - timedelta(minutes=5),
                "Value": 7,
            }
        ],
    )

    wrong = findings(stack, ends_with=1)["tables"]

    assert f"throttled 7 writes of {table} within the last hour" in wrong["said"]
    assert f"describe-table --table-name {table}" in wrong["what_to_do"]


def test_a_paused_account_is_named_and_resumed(stack, account_id):
    stack.run("pause", account_id)

    wrong = findings(stack, ends_with=0)["accounts"]

    assert f"Paused, so that nothing is read: 1 account: {account_id}" in wrong["said"]
    resume = re.search(r"`calmirror (resume \S+)`", wrong["what_to_do"])[1]
    assert stack.run(*resume.split()).exit_code == 0
    stack.settle()
    assert findings(stack, ends_with=0) == {}


def test_a_stale_cursor_is_named_and_read_anew(stack, account_id, draining):
    long_ago = datetime.now(UTC) - timedelta(days=50)
    stack.accounts.remember_read(account_id, CompletedRead(long_ago, None), ALL_EVENTS)

    fleet = findings(stack, ends_with=1)["accounts"]
    one = findings(stack, account_id, ends_with=1)["cursor"]

    assert "With a stale cursor" in fleet["said"]
    assert account_id in fleet["said"]
    assert "it was read 50 d ago, which is longer than Cronofy shows changes for" in one["said"]
    sync = re.search(r"`calmirror (sync .*? --full --wait)`", one["what_to_do"])[1]
    draining()
    assert stack.run(*sync.split()).exit_code == 0
    assert findings(stack, account_id, ends_with=0) == {}


def test_an_account_of_another_data_center_is_named_and_where_to_add_it(stack):
    stack.run("accounts", "add", "acc_other", "--refresh-token", "a-token-of-another-data-center")
    stack.settle()

    wrong = findings(stack, "acc_other", ends_with=1)["account"]

    assert "acc_other cannot be read: invalid_grant" in wrong["said"]
    assert "another data center's" in wrong["what_to_do"]
    assert "erase the account and add it" in wrong["what_to_do"]


def test_a_data_center_without_credentials_is_named(stack, account_id):
    stack.client("secretsmanager").put_secret_value(
        SecretId=stack.outputs["InitialCredentialsArn"], SecretString="{}"
    )

    wrong = findings(stack, ends_with=1)["secret"]

    assert "No secret has credentials for the stack's data center, 'us'" in wrong["said"]
    assert "`calmirror data-center add us`" in wrong["what_to_do"]


@pytest.mark.parametrize("status", [200, 404, 503])
def test_an_address_that_lets_in_what_is_not_signed_is_wrong(stack, door, status):
    door.status = status

    wrong = findings(stack, ends_with=1)["entrance"]

    assert (
        f"answers {status} to a notification that nobody has signed; it must be 401"
        in (wrong["said"])
    )
    assert "`calmirror tail --function receive`" in wrong["what_to_do"]


def test_people_see_the_cause_and_what_to_do_and_the_sum(stack):
    put_secret(stack, "not-the-secret")

    result = stack.run("doctor")

    assert result.exit_code == 1
    assert "error    secret us" in result.stdout
    assert "→ `calmirror data-center add us` puts the right ones in place" in result.stdout
    assert result.stdout.endswith("1 error, 0 warnings.\n")
