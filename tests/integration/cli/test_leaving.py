"""`calmirror erase`, `pause`, `resume`."""

import pytest


@pytest.fixture
def account_id(account):
    return account["account_id"]


def rows(stack):
    return stack.dynamodb.scan(TableName=stack.outputs["EventsTableName"])["Items"]


def test_an_erased_account_leaves_a_receipt_and_nothing_else(stack, account, account_id, draining):
    draining()

    told = stack.told("erase", account_id, "--yes", "--timeout", "20")

    assert (told["rows_erased"], told["channels_closed"], told["grants_ended"]) == (3, 1, 1)
    assert told["asked_for_by"] == "operator"
    assert rows(stack) == []
    assert stack.accounts.get(account_id) is None
    made = stack.control("GET", f"accounts/{account_id}")
    assert made["tokens"]["refresh_token"] is None
    assert [each["closed"] for each in made["channels"]] == ["closed by the application"]
    assert account_id not in str(told)


def test_cronofy_is_asked_to_erase_as_well_only_where_that_is_said(stack, account_id, draining):
    draining()
    assert stack.run("erase", account_id, "--yes", "--pii", "--timeout", "20").exit_code == 0

    assert stack.control("GET", f"accounts/{account_id}")["events"] == 0


def test_without_a_yes_nothing_is_erased(stack, account_id):
    result = stack.run("erase", account_id, stdin="n\n")

    assert result.exit_code == 1
    assert stack.messages() == []


def test_an_erasure_that_takes_longer_says_that_it_goes_on(stack, account_id):
    result = stack.run("erase", account_id, "--yes", "--timeout", "0.5")

    assert result.exit_code == 1
    assert "it is still running: run the command again" in result.output
    (message,) = stack.messages()
    assert message["kind"] == "erase"


def test_an_erased_account_is_spoken_of_as_such(stack, account_id, draining):
    draining()
    stack.run("erase", account_id, "--yes", "--timeout", "20")

    result = stack.run("erase", account_id, "--yes", "--timeout", "0.5")

    assert f"There is no account {account_id} in mirror in us-east-1" in result.stderr
    assert "It was erased at 20" in result.stderr
    assert result.exit_code == 1


def test_that_an_account_is_unknown_is_said_before_anything_is_asked(stack):
    result = stack.run("erase", "acc_none", stdin="n\n")

    said, question = (result.stderr.index(each) for each in ("There is no account", "[y/N]"))
    assert said < question
    assert result.exit_code == 1
    assert stack.messages() == []


def test_the_question_names_the_stack(stack, account_id):
    result = stack.run("erase", account_id, stdin="n\n")

    assert f"Erase {account_id} and all its rows? (stack mirror in us-east-1" in result.stderr


def test_what_changes_during_a_pause_is_read_when_it_ends(stack, account_id):
    assert stack.told("pause", account_id) == {"account_id": account_id, "paused": True}
    stack.control("POST", f"accounts/{account_id}/events", {"summary": "meanwhile"})
    assert stack.told("accounts", "list")[0]["paused"] is True
    assert "paused" in stack.run("sync", account_id).output
    assert stack.run("verify", account_id).exit_code == 1

    stack.told("resume", account_id)
    stack.settle()

    assert stack.run("verify", account_id).exit_code == 0
    assert stack.told("accounts", "show", account_id)["paused"] is False


@pytest.mark.parametrize("command", ["pause", "resume"])
def test_who_is_not_there_cannot_rest(stack, command):
    result = stack.run(command, "acc_none")

    assert result.exit_code == 1
    assert "There is no account acc_none." in result.output
