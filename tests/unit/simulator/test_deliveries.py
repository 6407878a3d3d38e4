"""Acknowledgement, retries, and channels that close. Facts: reference 1.5."""

import json

import pytest

from cronofy_simulator.state.deliveries import Ending, Outcome

DAY = 86400
GAPS = [15, 60, 300, 900, 3600, 7200, 14400, 21600, 36000]


@pytest.fixture
def channel_id(user):
    return user.open_channel()


def is_open(user):
    return bool(user.get("/v1/channels").json()["channels"])


def refreshed(user):
    user.account.update(user.control("POST", "tokens"))


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_success(cronofy, user, channel_id, status):
    user.make()
    cronofy.deliver(status)

    cronofy.advance(2 * DAY)
    refreshed(user)
    assert cronofy.deliver() == []
    assert is_open(user)


@pytest.mark.parametrize("status", [301, 302, 400, 401, 410, 500, 503])
def test_any_other_status_is_tried_again(cronofy, user, channel_id, status):
    user.make()
    (first,) = cronofy.deliver(status)

    cronofy.advance(14)
    assert cronofy.deliver() == []
    cronofy.advance(1)
    (second,) = cronofy.deliver()
    assert (second.body, second.headers) == (first.body, first.headers)


@pytest.mark.parametrize("ending", [Ending.TIMEOUT, Ending.UNREACHABLE])
def test_no_answer_in_time_is_tried_again(cronofy, user, channel_id, ending):
    user.make()
    cronofy.deliver(0, ending)
    cronofy.advance(15)

    assert len(cronofy.deliver()) == 1


def test_retries_follow_the_schedule(cronofy, user, channel_id):
    user.make()
    for gap in GAPS:
        assert len(cronofy.deliver(500)) == 1
        due_at = cronofy.simulator.next_delivery_at()
        assert (due_at - cronofy.clock()).total_seconds() == gap
        cronofy.advance(gap)

    assert len(cronofy.deliver(500)) == 1
    assert cronofy.simulator.next_delivery_at() is None


def test_24_hours_of_failure_close_the_channel_silently(cronofy, user, channel_id):
    user.make()
    for gap in GAPS:
        cronofy.deliver(500)
        cronofy.advance(gap)
    cronofy.deliver(500)

    cronofy.advance(DAY - sum(GAPS) - 1)
    refreshed(user)
    assert is_open(user)
    cronofy.advance(1)
    assert not is_open(user)
    user.make()
    assert cronofy.deliver() == []


def test_one_success_starts_the_24_hours_anew(cronofy, user, channel_id):
    user.make()
    cronofy.deliver(500)
    cronofy.advance(DAY - 60)
    cronofy.deliver(200)
    user.make()
    cronofy.deliver(500)

    cronofy.advance(DAY - 60)
    refreshed(user)
    assert is_open(user)


def test_a_closed_channel_can_be_made_again(cronofy, user, channel_id):
    user.make()
    cronofy.deliver(500)
    cronofy.advance(DAY)
    refreshed(user)

    assert user.open_channel() != channel_id


@pytest.mark.parametrize("closes", [True, False])
def test_whether_410_closes_the_channel_is_a_setting(cronofy, user, channel_id, closes):
    cronofy.set(gone_closes_channel=closes)
    user.make()
    cronofy.deliver(410)

    assert is_open(user) is not closes


def test_what_waits_for_a_closed_channel_is_dropped(cronofy, user, channel_id):
    user.make()
    cronofy.deliver(500)
    user.delete(f"/v1/channels/{channel_id}")
    cronofy.advance(15)

    assert cronofy.deliver() == []


def test_a_change_that_is_not_due_when_its_channel_closes_is_dropped(cronofy, user, channel_id):
    cronofy.set(coalescing=5.0)
    user.make()
    user.delete(f"/v1/channels/{channel_id}")
    cronofy.advance(5)

    assert cronofy.deliver() == []


def test_what_is_in_flight_when_the_channel_closes_is_not_tried_again(cronofy, user, channel_id):
    user.make()
    (delivery,) = cronofy.simulator.due_deliveries()
    user.delete(f"/v1/channels/{channel_id}")
    cronofy.simulator.delivered(delivery.delivery_id, Outcome(Ending.TIMEOUT))
    cronofy.advance(DAY)

    assert cronofy.deliver() == []


def test_a_failing_channel_does_not_hold_up_another(cronofy, user, channel_id):
    user.open_channel(url="https://example.com/other")
    user.make()
    made = cronofy.simulator.due_deliveries()
    for each in made:
        cronofy.simulator.delivered(each.delivery_id, Outcome(Ending.UNREACHABLE))

    assert {each.url for each in made} == {"https://example.com/1", "https://example.com/other"}


def test_a_failing_notification_does_not_hold_up_the_next(cronofy, user, channel_id):
    user.make()
    cronofy.deliver(500)
    user.make()

    assert len(cronofy.deliver()) == 1


def test_only_so_many_deliveries_of_one_channel_are_in_flight(cronofy, user, channel_id):
    cronofy.set(deliveries_in_flight=3)
    user.make(count=5)

    first = cronofy.simulator.due_deliveries()
    assert len(first) == 3
    assert cronofy.simulator.due_deliveries() == []
    assert cronofy.simulator.next_delivery_at() is None
    cronofy.simulator.delivered(first[0].delivery_id, Outcome(Ending.ANSWERED, 200))
    assert len(cronofy.simulator.due_deliveries()) == 1


def test_an_outcome_that_comes_twice_counts_once(cronofy, user, channel_id):
    user.make()
    (delivery,) = cronofy.simulator.due_deliveries()
    cronofy.simulator.delivered(delivery.delivery_id, Outcome(Ending.ANSWERED, 500))
    cronofy.simulator.delivered(delivery.delivery_id, Outcome(Ending.ANSWERED, 200))
    cronofy.advance(15)

    assert len(cronofy.deliver()) == 1


def test_a_retry_is_signed_with_the_secrets_of_its_own_time(cronofy, user, channel_id):
    user.make()
    (first,) = cronofy.deliver(500)
    cronofy.set(client_secrets=["CRN_simulator_secret", "CRN_next"])
    cronofy.advance(15)
    (second,) = cronofy.deliver()

    name = "Cronofy-HMAC-SHA256"
    assert second.body == first.body
    assert second.headers[name].split(",")[0] == first.headers[name]
    assert len(second.headers[name].split(",")) == 2


def test_the_next_delivery_is_foretold(cronofy, user, channel_id):
    assert cronofy.simulator.next_delivery_at() is None

    cronofy.set(notification_delay=30.0)
    user.make()
    due_at = cronofy.simulator.next_delivery_at()

    assert (due_at - cronofy.clock()).total_seconds() == 30


def test_the_log_tells_every_attempt(cronofy, user, channel_id):
    user.make()
    cronofy.deliver(500)
    cronofy.advance(15)
    cronofy.deliver(200)

    log = cronofy.control("GET", f"deliveries?account_id={user.account_id}")
    verification, change = log["deliveries"]
    assert verification["type"] == "verification"
    assert change["type"] == "change"
    assert change["state"] == "delivered"
    assert [each["status"] for each in change["attempts"]] == [500, 200]
    assert log["pending_changes"] == 0
    assert cronofy.control("GET", "deliveries?account_id=other")["deliveries"] == []


def test_the_body_is_compact_json_that_names_no_account(cronofy, user, channel_id):
    user.make()
    (delivery,) = cronofy.deliver()

    assert json.dumps(json.loads(delivery.body), separators=(",", ":")).encode() == delivery.body
    assert user.account_id.encode() not in delivery.body
