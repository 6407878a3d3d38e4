import json
from datetime import datetime, timedelta

import pytest


@pytest.fixture
def events(stack, account):
    """The account's events at the simulator."""
    found = stack.control("GET", f"accounts/{account['account_id']}/events")["events"]
    assert len(found) == 3
    return found


def change(stack, account, uid, **fields):
    path = f"accounts/{account['account_id']}/events/{uid}"
    stack.control("PATCH", path, {**fields, "quiet": True})


def make(stack, account, **fields):
    made = stack.control("POST", f"accounts/{account['account_id']}/events", fields)
    return made["events"][0]


def delete(stack, account, uid):
    stack.control("DELETE", f"accounts/{account['account_id']}/events/{uid}?quiet=true")


def test_an_account_that_was_read_is_equal(stack, account):
    done = stack.run("verify", account["account_id"])

    assert (done.exit_code, done.stdout) == (0, "All 3 events are equal.\n")
    assert stack.told("verify", account["account_id"]) == {
        "account_id": account["account_id"],
        "events": 3,
        "differences": [],
    }


def test_each_kind_of_difference_is_found_and_healed_by_the_next_read(stack, account, events):
    account_id = account["account_id"]
    stale, surplus = events[0]["event_uid"], events[1]["event_uid"]
    change(stack, account, stale, summary="Another name")
    delete(stack, account, surplus)
    missing = make(stack, account, summary="New", quiet=True)["event_uid"]

    told = stack.told("verify", account_id, ends_with=1)

    found = {each["event_uid"]: each["difference"] for each in told["differences"]}
    assert found == {stale: "stale", surplus: "surplus", missing: "missing"}
    assert told["events"] == 3
    stack.run("sync", account_id)
    stack.settle()
    assert stack.told("verify", account_id)["differences"] == []


def test_a_stale_row_names_its_fields_without_their_content(stack, account, events):
    change(stack, account, events[0]["event_uid"], summary="Another name")

    result = stack.run("verify", account["account_id"])

    assert result.exit_code == 1
    head, line = result.stdout.splitlines()
    assert head.split() == ["difference", "calendar", "id", "event", "uid", "fields"]
    kind, _, uid, *fields = line.replace(",", "").split()
    assert (kind, uid) == ("stale", events[0]["event_uid"])
    assert "summary" in fields
    assert "start" not in fields
    assert "Another name" not in result.stdout
    told = stack.run("verify", account["account_id"], "--json").stdout
    assert "Another name" not in told
    assert "cronofy" not in json.loads(told)["differences"][0]


def test_content_is_shown_where_it_is_asked_for(stack, account, events):
    change(stack, account, events[0]["event_uid"], summary="Another name")

    (found,) = stack.told("verify", account["account_id"], "--show-content", ends_with=1)[
        "differences"
    ]

    assert found["cronofy"]["summary"] == "Another name"
    assert found["table"]["summary"] == events[0]["summary"]
    said = stack.run("verify", account["account_id"], "--show-content")
    assert "Another name" in said.stdout
    assert events[0]["summary"] in said.stdout


def test_verifying_writes_no_row_and_asks_for_nothing(stack, account, events):
    before = stack.told("events", account["account_id"])
    delete(stack, account, events[0]["event_uid"])

    stack.told("verify", account["account_id"], ends_with=1)

    assert stack.told("events", account["account_id"]) == before
    assert stack.messages() == []


def test_a_row_that_something_else_wrote_to_is_found(stack, account, events):
    stack.dynamodb.update_item(
        TableName=stack.outputs["EventsTableName"],
        Key={
            "pk": account["account_id"],
            "sk": f"{events[0]['calendar_id']}#{events[0]['event_uid']}",
        },
        UpdateExpression="SET #event.summary = :summary",
        ExpressionAttributeNames={"#event": "event"},
        ExpressionAttributeValues={":summary": "Altered"},
    )

    (found,) = stack.told("verify", account["account_id"], ends_with=1)["differences"]

    assert (found["difference"], found["fields"]) == ("stale", ["summary"])


def test_every_page_is_read(stack, account):
    stack.control("PATCH", "settings", {"page_size": 1})
    stack.control("DELETE", "calls")

    assert stack.told("verify", account["account_id"])["events"] == 3
    assert stack.control("GET", "calls")["total"] == 3


def test_events_at_every_edge_and_of_every_kind_are_equal(stack, account):
    stack.control("PATCH", "settings", {"notify_outside_window": True})
    for days in (-43, -42, -41, 0, 199, 200, 201, 202):
        make(stack, account, quiet=True, managed=days % 2 == 0, **day(stack, days))
    for variety in ("year_zero_audit", "bare", "floats", "unknown_fields", "strange_text"):
        make(stack, account, quiet=True, variety=[variety])
    for variety in ("localized", "at_sign_ids"):
        make(stack, account, quiet=True, variety=[variety])
    stack.run("sync", account["account_id"], "--full")
    stack.settle()

    told = stack.told("verify", account["account_id"])

    assert told["differences"] == []
    assert told["events"] > 12


def day(stack, days):
    """An all-day event so many days from today."""
    today = datetime.fromisoformat(stack.control("GET", "clock")["now"]).date()
    return {
        "start": (today + timedelta(days=days)).isoformat(),
        "end": (today + timedelta(days=days + 1)).isoformat(),
    }


def test_an_expired_token_is_refreshed_and_both_new_ones_are_stored(stack, account):
    account_id = account["account_id"]
    before = stack.accounts.get(account_id).tokens
    stack.control("POST", f"accounts/{account_id}/tokens/expire")

    assert stack.run("verify", account_id).exit_code == 0

    after = stack.accounts.get(account_id).tokens
    assert after.access != before.access
    assert after.refresh != before.refresh
    stack.run("sync", account_id)
    stack.settle()
    assert stack.told("accounts", "show", account_id)["state"] == "connected"


def test_a_revoked_grant_is_an_error_that_changes_nothing(stack, account):
    account_id = account["account_id"]
    stack.control("POST", f"accounts/{account_id}/tokens/revoke")

    refused = stack.run("verify", account_id)

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "Error: Cronofy could not be read: " in refused.stderr
    assert stack.told("accounts", "show", account_id)["state"] == "connected"


@pytest.mark.parametrize(
    "fault",
    [
        {"outage": True, "lasts_seconds": 60},
        {"kind": "malformed"},
        {"kind": "drop_before"},
        {"kind": "status", "status": 429},
        {"kind": "expire_pages"},
    ],
)
def test_a_read_that_fails_is_an_error_and_no_verdict(stack, account, fault):
    stack.control("PATCH", "settings", {"page_size": 1})
    stack.control("POST", "faults", fault)

    refused = stack.run("verify", account["account_id"], "--json")

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "Error: Cronofy could not be read: " in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1


def test_an_event_that_nobody_can_read_is_spoken_of(stack, account):
    stack.control("POST", "faults", {"kind": "broken_event", "path": "/v1/events*"})

    done = stack.run("verify", account["account_id"], "--json")

    assert done.exit_code == 1
    assert "1 of Cronofy's events cannot be read" in done.stderr
    found = json.loads(done.stdout)["differences"]
    assert [each["difference"] for each in found] == ["surplus"]


def test_an_account_that_is_not_there_cannot_be_verified(stack):
    refused = stack.run("verify", "acc_1")

    assert (refused.exit_code, refused.stderr) == (1, "Error: There is no account acc_1.\n")
