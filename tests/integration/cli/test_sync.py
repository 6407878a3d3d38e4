import time

import pytest


def test_a_read_is_asked_for_once(stack, account):
    done = stack.run("sync", account["account_id"])

    assert (done.exit_code, done.stdout) == (
        0,
        f"A read of {account['account_id']} is on the queue.\n",
    )
    (message,) = stack.messages()
    assert (message["kind"], message["cause"]) == ("delta", "operator")
    assert message["changes_since"]


def test_the_whole_window_is_asked_for(stack, account):
    told = stack.told("sync", account["account_id"], "--full")

    assert (told["requested"], told["seconds"]) == ("full", None)
    (message,) = stack.messages()
    assert (message["kind"], message["changes_since"]) == ("full", None)


def test_two_requests_are_two_messages(stack, account):
    stack.run("sync", account["account_id"])
    stack.run("sync", account["account_id"])

    assert len(stack.messages()) == 2


@pytest.mark.parametrize("full", [(), ("--full",)])
def test_waiting_ends_when_the_change_is_in_the_table(stack, account, draining, full):
    account_id = account["account_id"]
    event = {"summary": "Dinner", "quiet": True}
    stack.control("POST", f"accounts/{account_id}/events", event)
    draining()

    told = stack.told("sync", account_id, "--wait", *full)

    assert 0 < told["seconds"] < 20
    assert "Dinner" in [each["event"]["summary"] for each in stack.told("events", account_id)]


def test_waiting_says_how_long_it_took(stack, account, draining):
    draining()

    done = stack.run("sync", account["account_id"], "--wait")

    assert done.exit_code == 0
    assert f"{account['account_id']} was read; that took" in done.stdout


def test_a_read_that_does_not_come_in_time_is_an_error_and_stays_asked_for(stack, account):
    began = time.monotonic()

    refused = stack.run("sync", account["account_id"], "--wait", "--timeout", "0.5")

    assert time.monotonic() - began < 5
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "was not read within 0.5 s" in refused.stderr
    assert len(stack.messages()) == 1


def test_waiting_ends_when_the_account_cannot_be_read(stack, account, draining):
    account_id = account["account_id"]
    stack.control("POST", f"accounts/{account_id}/tokens/revoke")
    draining()

    refused = stack.run("sync", account_id, "--wait", "--timeout", "20")

    assert refused.exit_code == 1
    assert refused.stderr.endswith(f"Error: {account_id} cannot be read: invalid_grant.\n")


def test_an_account_that_is_not_there_cannot_be_read(stack):
    refused = stack.run("sync", "acc_1")

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.endswith("Error: There is no account acc_1.\n")
    assert stack.messages() == []


@pytest.mark.parametrize("arguments", [(), ("acc_1", "--timeout", "-1"), ("acc_1", "--nonsense")])
def test_what_makes_no_sense_is_a_usage_error(stack, arguments):
    assert stack.run("sync", *arguments).exit_code == 2
