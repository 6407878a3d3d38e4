"""Channels. Facts: reference section 2."""

import json

import pytest

URL = "https://mirror.example.com/notifications/acc_1"


def create(user, **body):
    return user.post("/v1/channels", {"callback_url": URL, **body})


def error_keys(response):
    return {field: each[0]["key"] for field, each in response.json()["errors"].items()}


def test_a_created_channel_is_shown_with_its_default_filters_left_out(user):
    response = create(user, filters={"only_managed": False})

    channel = response.json()["channel"]
    assert response.status == 200
    assert channel["channel_id"].startswith("chn_")
    assert channel["callback_url"] == URL
    assert channel["filters"] == {}


def test_default_filters_may_be_absent_altogether(cronofy, user):
    cronofy.set(empty_filters="absent")

    assert "filters" not in create(user).json()["channel"]


def test_an_identical_create_returns_the_channel_there_is(user):
    first = create(user, filters={"calendar_ids": list(user.calendars)})
    second = create(user, filters={"calendar_ids": list(reversed(user.calendars))})

    assert first.json() == second.json()
    assert len(user.get("/v1/channels").json()["channels"]) == 1


def test_identity_may_be_by_the_letter(cronofy, user):
    cronofy.set(channel_identity="exact")

    create(user)
    create(user)
    create(user, filters={"only_managed": False})

    assert len(user.get("/v1/channels").json()["channels"]) == 2


def test_another_url_or_filter_is_another_channel(user):
    made = [
        create(user),
        create(user, callback_url=URL + "?x"),
        create(user, filters={"only_managed": True}),
        create(user, filters={"calendar_ids": [user.calendars[0]]}),
    ]

    assert len({each.json()["channel"]["channel_id"] for each in made}) == 4


@pytest.mark.parametrize(
    ("body", "field", "key"),
    [
        ({"callback_url": ""}, "callback_url", "errors.required"),
        ({"callback_url": "ftp://example.com"}, "callback_url", "errors.invalid_url"),
        ({"callback_url": "https://e.com/" + "x" * 115}, "callback_url", "errors.too_long"),
        ({"filters": {"calendar_ids": []}}, "filters.calendar_ids", "errors.required"),
        (
            {"filters": {"calendar_ids": ["cal_x"]}},
            "filters.calendar_ids",
            "errors.invalid_calendar_ids",
        ),
        ({"filters": {"only_managed": 7}}, "filters.only_managed", "errors.must_be_boolean"),
        ({"filters": "all"}, "filters", "errors.invalid"),
    ],
)
def test_a_create_with_bad_input_is_refused(user, body, field, key):
    response = create(user, **body)

    assert response.status == 422
    assert error_keys(response) == {field: key}


def test_a_callback_url_of_128_characters_is_taken(user):
    assert create(user, callback_url="https://e.com/" + "x" * 114).status == 200


def test_an_account_has_at_most_128_channels(cronofy, user):
    cronofy.set(limits_enabled=False)
    for number in range(128):
        assert create(user, callback_url=f"{URL}/{number}").status == 200

    assert create(user, callback_url=f"{URL}/more").status == 422
    assert create(user, callback_url=f"{URL}/7").status == 200


def test_a_channel_needs_a_scope_to_read_unless_it_is_only_for_managed_events(new_user):
    writer = new_user(scope="create_event")

    assert create(writer).status == 403
    assert create(writer, filters={"only_managed": True}).status == 200


def test_a_free_busy_grant_opens_a_channel_only_if_set_so(cronofy, new_user):
    observer = new_user(scope="free_busy")
    assert create(observer).status == 403

    cronofy.set(channel_scopes=["read_events", "read_free_busy"])
    assert create(observer).status == 200


def test_a_plan_without_push_answers_402(cronofy, user):
    cronofy.set(push_in_plan=False)

    assert create(user).status == 402


def test_closing_answers_202_and_then_404(user):
    channel_id = create(user).json()["channel"]["channel_id"]

    assert user.delete(f"/v1/channels/{channel_id}").status == 202
    assert user.delete(f"/v1/channels/{channel_id}").status == 404
    assert user.get("/v1/channels").json() == {"channels": []}


def test_channels_are_of_one_account_only(user, another):
    channel_id = create(user).json()["channel"]["channel_id"]

    assert another.get("/v1/channels").json() == {"channels": []}
    assert another.delete(f"/v1/channels/{channel_id}").status == 404


def test_a_closed_channel_made_again_is_a_new_one(user):
    first = create(user).json()["channel"]["channel_id"]
    user.delete(f"/v1/channels/{first}")

    assert create(user).json()["channel"]["channel_id"] != first


def test_filters_may_come_form_encoded(user):
    body = f"callback_url={URL}&filters[calendar_ids][]={user.calendars[0]}".encode()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Authorization": f"Bearer {user.access_token}",
    }

    response = user.cronofy.request("POST", "/v1/channels", body, **headers)

    assert response.json()["channel"]["filters"] == {"calendar_ids": [user.calendars[0]]}


def test_a_new_channel_is_verified_after_the_answer(cronofy, user):
    response = create(user)

    (verification,) = cronofy.deliver()
    assert response.held_for is None
    assert verification.url == URL
    assert json.loads(verification.body) == {
        "notification": {"type": "verification"},
        "channel": response.json()["channel"],
    }


def test_a_failed_verification_is_tried_again_and_the_channel_stays(cronofy, user):
    create(user)

    assert len(cronofy.deliver(500)) == 1
    cronofy.advance(15)
    assert len(cronofy.deliver(200)) == 1
    assert len(user.get("/v1/channels").json()["channels"]) == 1


def test_verification_may_come_before_the_answer(cronofy, user):
    cronofy.set(verification="before_answer", failed_verification_fails_create=True)

    held = create(user)
    assert held.held_for
    assert len(cronofy.deliver(200)) == 1
    assert cronofy.simulator.release(held).status == 200


@pytest.mark.parametrize("fails", [True, False])
def test_whether_a_failed_verification_fails_the_create_is_a_setting(cronofy, user, fails):
    cronofy.set(verification="before_answer", failed_verification_fails_create=fails)

    held = create(user)
    cronofy.deliver(500)

    assert cronofy.simulator.release(held).status == (422 if fails else 200)
    assert len(user.get("/v1/channels").json()["channels"]) == (0 if fails else 1)
