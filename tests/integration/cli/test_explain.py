"""`calmirror explain`: why a row has its content, or why there is none."""

import pytest


@pytest.fixture
def account_id(account):
    return account["account_id"]


@pytest.fixture
def event(stack, account_id):
    return stack.control("GET", f"accounts/{account_id}/events")["events"][0]


@pytest.fixture
def path(account_id, event):
    return f"accounts/{account_id}/events/{event['event_uid']}"


def table(stack):
    return stack.outputs["EventsTableName"]


def row(stack, account_id, event):
    key = {"pk": account_id, "sk": f"{event['calendar_id']}#{event['event_uid']}"}
    return stack.dynamodb.get_item(TableName=table(stack), Key=key)["Item"], key


def test_a_new_row_names_the_read_and_who_asked_for_it(stack, account_id, event):
    (told,) = stack.told("explain", account_id, event["event_uid"])["rows"]

    written_by = row(stack, account_id, event)[0]["written_by"]
    assert told["row"] == "live"
    assert told["by"] == f"a read of the whole window, begun at {written_by['started_at']}"
    assert told["asked_for_by"] == f"an operator (calmirror), received at {written_by['asked_at']}"
    assert told["why"] == "there was no live row before: the event was new, or had come back"


def test_a_changed_row_names_the_fields_and_not_what_they_hold(stack, account_id, event, path):
    stack.control("PATCH", path, {"summary": "A SECRET MEETING", "quiet": True})
    stack.run("sync", account_id)
    stack.settle()

    result = stack.run("explain", account_id, event["event_uid"])

    assert result.exit_code == 0
    assert "changed: summary" in result.stdout
    assert "a read of what changed since 20" in result.stdout
    assert "connected, last read" in result.stdout
    assert "SECRET" not in result.output
    assert "SECRET" not in stack.run("explain", account_id, event["event_uid"], "--json").output


def test_a_tombstone_tells_what_deleted_it(stack, account_id, event, path):
    stack.control("DELETE", f"{path}?quiet=true")
    stack.run("sync", account_id, "--full")
    stack.settle()

    (told,) = stack.told("explain", account_id, event["event_uid"])["rows"]

    assert told["row"] == "tombstone"
    assert "deleted" in told["why"] or "no longer returned" in told["why"]


def test_with_its_calendar_one_row_is_looked_up(stack, account_id, event):
    uid, calendar_id = event["event_uid"], event["calendar_id"]

    assert len(stack.told("explain", account_id, uid, "--calendar", calendar_id)["rows"]) == 1


def test_a_row_from_before_says_that_it_does_not_know(stack, account_id, event):
    item, _ = row(stack, account_id, event)
    del item["written_by"]
    stack.dynamodb.put_item(TableName=table(stack), Item=item)

    result = stack.run("explain", account_id, event["event_uid"])

    assert result.exit_code == 0
    assert "not known: it was written before rows kept that" in result.stdout


def test_an_event_that_cronofy_has_and_the_table_does_not_is_to_be_read(stack, account_id, event):
    _, key = row(stack, account_id, event)
    stack.dynamodb.delete_item(TableName=table(stack), Key=key)

    result = stack.run("explain", account_id, event["event_uid"])

    assert result.exit_code == 1
    assert f"Cronofy has it, in {event['calendar_id']}, and the table does not" in result.stdout
    assert f"`calmirror sync {account_id} --full --wait`" in result.stdout
    told = stack.told("explain", account_id, event["event_uid"], ends_with=1)
    assert told["absent"]["reason"] == "missing"


def test_an_event_of_a_calendar_that_is_not_mirrored_says_how_to_mirror_it(
    stack, account_id, event
):
    _, key = row(stack, account_id, event)
    stack.dynamodb.delete_item(TableName=table(stack), Key=key)
    stack.accounts.limit_to(account_id, ("cal_other",))

    result = stack.run("explain", account_id, event["event_uid"])

    assert result.exit_code == 1
    wanted = f"accounts set {account_id} --calendar cal_other --calendar {event['calendar_id']}"
    assert wanted in result.stdout


def test_an_event_that_nobody_has_names_the_window_and_is_no_fault(stack, account_id):
    result = stack.run("explain", account_id, "evt_none")

    assert result.exit_code == 0
    assert "outside the window" in result.stdout


def test_a_paused_account_says_how_to_go_on(stack, account_id):
    stack.run("pause", account_id)

    result = stack.run("explain", account_id, "evt_none")

    assert result.exit_code == 1
    assert f"`calmirror resume {account_id}`" in result.stdout


def test_a_revoked_account_says_how_to_connect_it_anew(stack, account_id):
    stack.control("POST", f"accounts/{account_id}/tokens/revoke")
    stack.run("sync", account_id)
    stack.control("POST", f"accounts/{account_id}/tokens/expire")
    stack.settle()

    result = stack.run("explain", account_id, "evt_none")

    assert result.exit_code == 1
    assert "invalid_grant" in result.stdout
    assert "connect-link" in result.stdout


def test_an_account_that_was_never_read_says_so(stack):
    made = stack.control("POST", "accounts")
    token = made["refresh_token"]
    stack.run("accounts", "add", made["account_id"], "--refresh-token", "-", stdin=token)

    result = stack.run("explain", made["account_id"], "evt_none")

    assert result.exit_code == 1
    assert "never read to its end" in result.stdout


def test_an_unknown_account_and_an_erased_one_are_told_apart(stack, account_id, draining):
    unknown = stack.run("explain", "acc_nobody", "evt_none")
    draining()
    stack.told("erase", account_id, "--yes", "--timeout", "20")
    erased = stack.run("explain", account_id, "evt_none")

    assert (unknown.exit_code, erased.exit_code) == (1, 0)
    assert "there is no account acc_nobody" in unknown.stdout
    assert f"{account_id} was erased, at 20" in erased.stdout


def test_where_cronofy_does_not_answer_that_is_said(stack, account_id):
    stack.control("POST", "faults", {"outage": True})

    result = stack.run("explain", account_id, "evt_none")

    assert result.exit_code == 1
    assert "could not be asked" in result.stdout
    assert f"`calmirror doctor {account_id}`" in result.stdout
