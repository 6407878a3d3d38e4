"""Faults that tests inject."""

import json

import pytest

CHANNEL = {"callback_url": "https://example.com/1"}


def fault(cronofy, **fields):
    return cronofy.control("POST", "faults", **fields)


def read(user):
    return user.get("/v1/events", tzid="Etc/UTC")


@pytest.mark.parametrize("status", [402, 403, 423, 429, 500, 502, 503, 504])
def test_a_status_is_answered_without_effect(cronofy, user, status):
    fault(cronofy, kind="status", status=status, body="down", headers={"Retry-After": "3"})

    response = user.post("/v1/channels", CHANNEL)

    assert (response.status, response.body) == (status, b"down")
    assert response.headers == {"Retry-After": "3"}
    cronofy.control("DELETE", "faults")
    assert user.get("/v1/channels").json() == {"channels": []}


def test_a_status_can_come_after_the_effect(cronofy, user):
    fault(cronofy, kind="status_after", status=502, count=1)

    assert user.post("/v1/channels", CHANNEL).status == 502
    assert len(user.get("/v1/channels").json()["channels"]) == 1


def test_a_connection_can_be_dropped_before_or_after_the_effect(cronofy, user):
    fault(cronofy, kind="drop_before", count=1)
    assert user.post("/v1/channels", CHANNEL).dropped
    assert user.get("/v1/channels").json() == {"channels": []}

    fault(cronofy, kind="drop_after", count=1)
    assert user.post("/v1/channels", CHANNEL).dropped
    assert len(user.get("/v1/channels").json()["channels"]) == 1
    log = cronofy.control("GET", "calls")
    assert log["endpoints"]["POST /v1/channels"] == {"0": 2}


def test_a_dropped_refresh_has_rotated_the_tokens(cronofy, user):
    fault(cronofy, kind="drop_after", path="/oauth/token", count=1)
    body = {"grant_type": "refresh_token", "refresh_token": user.refresh_token}

    assert cronofy.token(**body).dropped
    assert cronofy.token(**body).json() == {"error": "invalid_grant"}


def test_an_answer_can_be_slow(cronofy, user):
    fault(cronofy, kind="slow", seconds=7.5)

    response = read(user)

    assert (response.status, response.delay_seconds) == (200, 7.5)


def test_a_body_can_be_malformed_or_cut(cronofy, user):
    user.make()
    whole = read(user).body
    fault(cronofy, kind="malformed", count=1)
    with pytest.raises(json.JSONDecodeError):
        read(user).json()

    fault(cronofy, kind="truncated", count=1)
    cut = read(user)
    assert (cut.body, cut.cut_at) == (whole, len(whole) // 2)


def test_tokens_can_end_right_before_a_call(cronofy, user, another):
    fault(cronofy, kind="expire_access", account_id=user.account_id, count=1)

    assert read(user).status == 401
    assert read(another).status == 200


def test_page_links_can_end_right_before_a_call(cronofy, user):
    cronofy.set(page_size=1)
    user.make(count=2)
    link = read(user).json()["pages"]["next_page"].removeprefix("http://127.0.0.1:8080")
    fault(cronofy, kind="expire_pages", path="/v1/events/pages/*", count=1)

    assert user.get(link).status == 404


@pytest.mark.parametrize(
    ("variant", "is_broken"),
    [
        ("without_ids", lambda event: "event_uid" not in event and "calendar_id" not in event),
        ("huge", lambda event: len(event["description"]) >= 900 * 1024),
        ("null_fields", lambda event: event["start"] is None and event["event_uid"]),
        ("not_an_object", lambda event: not isinstance(event, dict)),
        ("wrong_types", lambda event: event["start"] == 7),
    ],
)
def test_one_event_of_a_page_can_be_broken(cronofy, user, variant, is_broken):
    user.make(count=3)
    whole = read(user).json()["events"]
    fault(cronofy, kind="broken_event", variant=variant, count=1)

    shown = read(user).json()["events"]

    changed = [event for event, was in zip(shown, whole, strict=True) if event != was]
    assert len(changed) == 1
    assert is_broken(changed[0])
    assert read(user).json()["events"] == whole


def test_an_outage_ends_by_itself(cronofy, user):
    fault(cronofy, outage=True, lasts_seconds=30)

    cronofy.advance(29)
    assert read(user).status == 503
    assert cronofy.token(grant_type="refresh_token").status == 503
    cronofy.advance(1)
    assert read(user).status == 200
    assert cronofy.control("GET", "faults") == {"faults": []}


def test_a_fault_strikes_the_paths_methods_and_accounts_it_names(cronofy, user, another):
    fault(
        cronofy, kind="status", path="/v1/e*", method="GET", account_id=user.account_id, status=500
    )

    assert read(user).status == 500
    assert read(another).status == 200
    assert user.get("/v1/channels").status == 200
    assert user.delete("/v1/events", {"delete_all": True}).status == 202


def test_a_fault_can_wait_and_end(cronofy, user):
    fault(cronofy, kind="status", after=2, count=3)

    assert [read(user).status for _ in range(7)] == [200, 200, 503, 503, 503, 200, 200]


def test_a_fault_can_strike_by_chance(cronofy, user):
    made = fault(cronofy, kind="status", probability=0.5)
    cronofy.set(limits_enabled=False)

    struck = sum(read(user).status == 503 for _ in range(200))

    assert 70 < struck < 130
    (listed,) = cronofy.control("GET", "faults")["faults"]
    assert (listed["fault_id"], listed["struck"]) == (made["fault_id"], struck)


def test_faults_can_be_taken_away(cronofy, user):
    made = fault(cronofy, kind="status")
    cronofy.control("DELETE", f"faults/{made['fault_id']}")

    assert read(user).status == 200
    assert cronofy.order("DELETE", "faults/none").status == 404


def test_the_control_api_is_not_struck(cronofy):
    fault(cronofy, outage=True)

    assert cronofy.control("GET", "health")["status"] == "ok"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"kind": "explode"},
        {"kind": "status", "status": 99},
        {"kind": "status", "status": "503"},
        {"kind": "broken_event", "variant": "other"},
        {"kind": "status", "colour": "red"},
        {"kind": "status", "count": 1.5},
        {"kind": "status", "headers": {"Retry-After": 3}},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(cronofy, fields):
    response = cronofy.order("POST", "faults", **fields)

    assert response.status == 422
    assert response.json()["error"]
    assert cronofy.control("GET", "faults") == {"faults": []}
