"""Rate limits of the application. Facts: reference 7.3."""

import pytest


def call(user):
    return user.get("/v1/channels").status


def refresh(cronofy, user):
    return cronofy.token(grant_type="refresh_token", refresh_token=user.refresh_token).status


def test_the_fifty_first_call_of_a_second_is_too_many(cronofy, user):
    assert [call(user) for _ in range(51)] == [200] * 50 + [429]

    cronofy.advance(0.999)
    assert call(user) == 429
    cronofy.advance(0.001)
    assert call(user) == 200


def test_a_second_is_a_sliding_one(cronofy, user):
    for _ in range(25):
        call(user)
    cronofy.advance(0.9)
    for _ in range(25):
        call(user)
    cronofy.advance(0.1)

    assert [call(user) for _ in range(26)] == [200] * 25 + [429]


def test_five_hundred_calls_fit_into_a_minute(cronofy, user):
    answered = []
    for _ in range(501):
        cronofy.advance(0.025)
        answered.append(call(user))

    assert answered == [200] * 500 + [429]
    cronofy.advance(60)
    assert call(user) == 200


def test_the_limit_is_the_applications_and_not_the_accounts(cronofy, user, another):
    for _ in range(25):
        call(user)
        call(another)

    assert call(user) == call(another) == 429


def test_a_429_has_no_body_and_no_header_unless_set_so(cronofy, user):
    cronofy.set(calls_per_second=1)
    call(user)

    response = user.get("/v1/channels")
    assert (response.status, response.headers, response.body) == (429, {}, b"")
    cronofy.set(retry_after=7)
    assert user.get("/v1/channels").headers == {"Retry-After": "7"}


@pytest.mark.parametrize("counts", [True, False])
def test_whether_token_calls_count_is_a_setting(cronofy, user, counts):
    cronofy.set(calls_per_second=1, token_calls_count=counts, refresh_rotates=False)
    refresh(cronofy, user)

    assert refresh(cronofy, user) == (429 if counts else 200)
    assert call(user) == (429 if counts else 200)


@pytest.mark.parametrize("counts", [True, False])
def test_whether_a_refused_call_counts_is_a_setting(cronofy, user, counts):
    cronofy.set(calls_per_second=1, throttled_calls_count=counts)
    call(user)
    cronofy.advance(0.6)
    assert call(user) == 429
    cronofy.advance(0.6)

    assert call(user) == (429 if counts else 200)


def test_a_refused_call_has_no_effect(cronofy, user):
    cronofy.set(calls_per_second=1)
    call(user)
    created = user.post("/v1/channels", {"callback_url": "https://example.com/"})
    cronofy.advance(1)

    assert created.status == 429
    assert user.get("/v1/channels").json() == {"channels": []}


def test_calls_without_a_known_token_and_control_calls_do_not_count(cronofy, user):
    cronofy.set(calls_per_second=1)
    for _ in range(5):
        cronofy.get({"access_token": "unknown"}, "/v1/channels")
        cronofy.control("GET", "clock")

    assert call(user) == 200


def test_limits_can_be_off(cronofy, user):
    cronofy.set(limits_enabled=False)

    assert {call(user) for _ in range(600)} == {200}


def test_calls_are_counted_by_endpoint_status_and_account(cronofy, user, another):
    cronofy.set(calls_per_second=2)
    call(user)
    another.get("/v1/channels/none")
    another.delete("/v1/channels/none")
    call(user)

    log = cronofy.control("GET", "calls")
    assert log["endpoints"] == {
        "GET /v1/channels": {"200": 1, "429": 1},
        "DELETE /v1/channels/{channel_id}": {"404": 1},
    }
    assert log["accounts"][user.account_id] == {"GET /v1/channels": {"200": 1, "429": 1}}
    assert log["total"] == 3
    assert log["throttled_at"] == [cronofy.clock().isoformat()]
    cronofy.control("DELETE", "calls")
    assert cronofy.control("GET", "calls")["total"] == 0
