"""`calmirror channels`: what Cronofy knows, held against what the mirror wants."""

import requests

from calendar_mirror.messages import Kind


def create(stack, account, url):
    answer = requests.post(
        f"{stack.simulator_url}/v1/channels",
        headers={"Authorization": f"Bearer {stack.accounts.tokens(account).access}"},
        json={"callback_url": url},
        timeout=5,
    )
    return answer.json()["channel"]["channel_id"]


def close_all(stack, account_id):
    for channel in stack.control("GET", f"accounts/{account_id}")["channels"]:
        requests.delete(
            f"{stack.simulator_url}/v1/channels/{channel['channel_id']}",
            headers={"Authorization": f"Bearer {stack.accounts.tokens(account_id).access}"},
            timeout=5,
        )


def open_channels(stack, account_id):
    found = stack.control("GET", f"accounts/{account_id}")["channels"]
    return {each["channel_id"] for each in found if not each["closed"]}


def test_each_channel_is_said_to_be_kept_stray_or_foreign(stack, account):
    account_id = account["account_id"]
    kept = stack.accounts.get(account_id).channel
    stray = create(stack, account_id, f"{kept.url}x")
    foreign = create(stack, account_id, "https://app.example.com/calendars")

    found = stack.told("channels", "list", account_id)

    assert {each["channel_id"]: each["standing"] for each in found} == {
        kept.channel_id: "kept",
        stray: "stray",
        foreign: "foreign",
    }


def test_an_account_whose_channel_is_in_order_needs_nothing(stack, account):
    told = stack.told("channels", "check")

    assert told["checked"] == 1
    assert told["findings"] == told["repairs_requested"] == []
    assert told["repair_asked"] is False


def test_what_is_missing_or_stray_is_found_and_left_alone(stack, account):
    account_id = account["account_id"]
    stray = create(stack, account_id, f"{stack.accounts.get(account_id).channel.url}x")

    found = stack.told("channels", "check", account_id, ends_with=1)["findings"]
    assert [(each["finding"], each["detail"]) for each in found] == [("stray", stray)]
    close_all(stack, account_id)
    (found,) = stack.told("channels", "check", ends_with=1)["findings"]
    assert found["finding"] == "missing"
    assert stack.messages() == []


def test_a_repair_creates_what_is_missing_and_closes_what_is_stray(stack, account):
    account_id = account["account_id"]
    url = stack.accounts.get(account_id).channel.url
    close_all(stack, account_id)
    create(stack, account_id, f"{url}x")
    stack.control("POST", f"accounts/{account_id}/events", {"summary": "lost", "quiet": True})

    assert stack.run("channels", "check", "--repair").exit_code == 1
    stack.settle()

    assert stack.run("channels", "check").exit_code == 0
    assert len(open_channels(stack, account_id)) == 1
    assert stack.run("verify", account_id).exit_code == 0


def test_an_account_that_cannot_be_asked_is_named_with_the_reason(stack, account):
    account_id = account["account_id"]
    stack.control("POST", f"accounts/{account_id}/tokens/revoke")

    (found,) = stack.told("channels", "check", ends_with=1)["findings"]

    assert found["finding"] == "unreachable"
    assert "grant" in found["detail"]


def test_an_account_that_is_not_there_is_an_error(stack):
    for command in ("list", "check"):
        result = stack.run("channels", command, "acc_none")
        assert result.exit_code == 1
        assert "acc_none" in result.output


def test_a_repair_takes_its_turn_on_the_accounts_queue(stack, account):
    close_all(stack, account["account_id"])
    result = stack.run("channels", "check", "--repair")

    (message,) = stack.messages()
    assert (message["kind"], message["cause"]) == (Kind.CHECK, "operator")
    assert f"Requested a repair of {account['account_id']}: `sync` opens" in result.stdout


def test_what_needs_no_repair_is_not_said_to_be_repaired(stack, account):
    result = stack.run("channels", "check", "--repair")

    assert "The channels of 1 account are in order." in result.stdout
    assert "Requested" not in result.stdout
