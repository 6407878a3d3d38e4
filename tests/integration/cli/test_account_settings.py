"""`calmirror accounts add|set|show`: calendars, references, and what an account's state means."""

import pytest


@pytest.fixture
def made(stack):
    """An account of the simulator's with two calendars of two events each."""
    made = stack.control("POST", "accounts", {"calendars": 2})
    for calendar in made["calendars"]:
        stack.control(
            "POST",
            f"accounts/{made['account_id']}/events",
            {"count": 2, "calendar_id": calendar["calendar_id"], "quiet": True},
        )
    return made


def add(stack, made, *options):
    result = stack.run(
        "accounts", "add", made["account_id"], "--refresh-token", made["refresh_token"], *options
    )
    assert result.exit_code == 0, result.output
    stack.settle()


def calendars(made):
    return sorted(each["calendar_id"] for each in made["calendars"])


def live(stack, account_id):
    return sorted(each["calendar_id"] for each in stack.told("events", account_id))


def test_an_account_can_be_limited_when_it_is_added(stack, made):
    one, _ = calendars(made)

    add(stack, made, "--calendar", one, "--user-ref", "user 7")

    told = stack.told("accounts", "show", made["account_id"])
    assert (told["calendars"], told["user_refs"], told["mode"]) == ([one], ["user 7"], "events")
    assert live(stack, made["account_id"]) == [one, one]
    (channel,) = stack.control("GET", f"accounts/{made['account_id']}")["channels"]
    assert channel["filters"] == {"calendar_ids": [one]}


def test_another_set_reads_what_is_new_and_drops_the_rest(stack, made):
    one, two = calendars(made)
    add(stack, made, "--calendar", one)

    stack.told("accounts", "set", made["account_id"], "--calendar", two)
    stack.settle()

    assert live(stack, made["account_id"]) == [two, two]
    assert stack.run("verify", made["account_id"]).exit_code == 0
    found = stack.control("GET", f"accounts/{made['account_id']}")["channels"]
    assert [each["filters"] for each in found if not each["closed"]] == [{"calendar_ids": [two]}]

    stack.told("accounts", "set", made["account_id"], "--all-calendars")
    stack.settle()
    assert live(stack, made["account_id"]) == [one, one, two, two]


def test_a_calendar_that_the_account_does_not_have_is_named(stack, made):
    add(stack, made)

    result = stack.run("accounts", "set", made["account_id"], "--calendar", "cal_none")

    assert result.exit_code == 2
    assert "cal_none" in result.output
    assert all(each in result.output for each in calendars(made))
    assert stack.accounts.get(made["account_id"]).calendars == ()


@pytest.mark.parametrize("options", [(), ("--calendar", "a", "--all-calendars")])
def test_which_calendars_has_to_be_said(stack, made, options):
    assert stack.run("accounts", "set", made["account_id"], *options).exit_code == 2


def test_a_data_center_without_credentials_is_named_before_anything_is_stored(stack, made):
    result = stack.run(
        *("accounts", "add", made["account_id"], "--refresh-token", "t", "--data-center", "sg")
    )

    assert result.exit_code == 1
    assert "'sg'" in result.output
    assert stack.accounts.get(made["account_id"]) is None


def test_profiles_are_shown_with_their_relink_links(stack, made):
    add(stack, made)
    profile = made["profiles"][0]["profile_id"]
    stack.control("POST", f"accounts/{made['account_id']}/profiles/{profile}/disconnect")
    stack.run("sync", made["account_id"], "--full")
    stack.settle()

    text = stack.run("accounts", "show", made["account_id"]).output
    assert "not connected" in text
    assert f"/relink/{profile}" in text
    assert "disconnected" in stack.run("accounts", "list").output
    assert stack.told("status")["accounts"] == {"disconnected": 1}


def test_a_token_that_was_never_accepted_may_be_another_data_centers(stack, made):
    add(stack, made | {"refresh_token": "of-another-data-center"})

    text = stack.run("accounts", "show", made["account_id"]).output

    assert "invalid_grant" in text
    assert "data center 'us' has never accepted" in text
