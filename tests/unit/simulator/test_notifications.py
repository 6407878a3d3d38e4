"""Who is told of a change, when, and in which words. Facts: reference section 1."""

import base64
import hashlib
import json
from datetime import UTC, datetime

import pytest

FAR = {"start": "2027-01-31T09:00:00Z", "end": "2027-01-31T10:00:00Z"}


@pytest.fixture
def cronofy(make_cronofy):
    return make_cronofy(now=datetime(2026, 1, 31, 9, 0, 0, 900_000, tzinfo=UTC))


def since(cronofy):
    return [each.get("changes_since") for each in cronofy.notifications()]


def hmac_by_hand(key, message):
    """RFC 2104, written out: an implementation apart from the one under test."""
    padded = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(each ^ 0x36 for each in padded) + message).digest()
    return hashlib.sha256(bytes(each ^ 0x5C for each in padded) + inner).digest()


def test_a_change_from_outside_is_told_with_a_whole_second_in_utc(cronofy, user):
    user.open_channel()
    user.make()

    (delivery,) = cronofy.deliver()

    body = json.loads(delivery.body)
    assert body["notification"] == {"type": "change", "changes_since": "2026-01-31T09:00:00Z"}
    assert set(body["channel"]) == {"channel_id", "callback_url", "filters"}
    assert delivery.headers["Content-Type"] == "application/json; charset=utf-8"


def test_changes_since_is_where_the_read_finds_the_change(cronofy, user):
    user.open_channel()
    event = user.make()

    (moment,) = since(cronofy)

    assert user.uids(last_modified=moment) == [event["event_uid"]]


def test_creating_changing_and_deleting_are_each_told(cronofy, user):
    user.open_channel()
    event = user.make()
    user.change(event, summary="Renamed")
    user.change(event, move_seconds=3600)
    user.remove(event)

    assert len(cronofy.deliver()) == 4


def test_the_signature_is_over_the_bytes_with_each_active_secret(cronofy, user):
    cronofy.set(client_secrets=["CRN_new", "old-sécret"])
    user.open_channel()
    user.make()

    (delivery,) = cronofy.deliver()

    digests = [
        base64.b64encode(hmac_by_hand(secret.encode(), delivery.body)).decode()
        for secret in ("CRN_new", "old-sécret")
    ]
    assert delivery.headers["Cronofy-HMAC-SHA256"] == ",".join(digests)


def test_without_a_channel_nothing_is_told(cronofy, user):
    user.make()

    assert cronofy.deliver() == []


def test_channels_are_told_of_their_own_account_only(cronofy, user, another):
    user.open_channel()
    another.make()

    assert cronofy.deliver() == []


def test_a_channel_is_told_of_its_calendars_only(cronofy, user):
    user.open_channel(calendar_ids=[user.calendars[0]])

    user.make(calendar_id=user.calendars[1])
    assert cronofy.deliver() == []
    user.make(calendar_id=user.calendars[0])
    assert len(cronofy.deliver()) == 1


def test_a_move_to_another_calendar_is_told_once_to_each_side(cronofy, user):
    event = user.make(calendar_id=user.calendars[0])
    user.open_channel(url="https://example.com/left", calendar_ids=[user.calendars[0]])
    user.open_channel(url="https://example.com/arrived", calendar_ids=[user.calendars[1]])
    user.open_channel(url="https://example.com/all")

    user.change(event, calendar_id=user.calendars[1])

    urls = sorted(each.url.rpartition("/")[2] for each in cronofy.deliver())
    assert urls == ["all", "arrived", "left"]


def test_an_only_managed_channel_is_told_of_managed_events_only(cronofy, user):
    own = user.make(managed=True)
    user.open_channel(only_managed=True)

    user.make()
    assert cronofy.deliver() == []
    user.change(own, summary="By hand")
    assert len(cronofy.deliver()) == 1


def test_a_change_that_no_read_could_return_is_not_told_unless_set_so(cronofy, user):
    user.open_channel()
    event = user.make(**FAR)
    assert cronofy.deliver() == []

    cronofy.set(notify_outside_window=True)
    user.change(event, summary="Renamed")
    assert len(cronofy.deliver()) == 1


def test_a_move_out_of_the_window_is_told(cronofy, user):
    user.open_channel()
    event = user.make()
    cronofy.deliver()

    user.change(event, **FAR)

    assert len(cronofy.deliver()) == 1


def test_an_event_that_enters_the_window_with_time_is_not_told(cronofy, user):
    user.open_channel()
    user.make(**FAR)
    cronofy.advance(180 * 86400)
    user.account.update(user.control("POST", "tokens"))

    assert cronofy.deliver() == []
    assert len(user.read()) == 1


def test_without_coalescing_each_change_is_a_notification(cronofy, user):
    user.open_channel()
    user.make(count=5)

    assert len(cronofy.deliver()) == 5


def test_coalesced_changes_are_told_once_since_the_earliest(cronofy, user):
    cronofy.set(coalescing=2.0)
    user.open_channel()
    user.make()  # at :00.9
    cronofy.advance(1.5)
    user.make()  # at :02.4
    assert since(cronofy) == []

    cronofy.advance(0.5)
    assert since(cronofy) == ["2026-01-31T09:00:00Z"]
    cronofy.advance(10)
    assert since(cronofy) == []


def test_a_change_after_the_coalescing_time_is_told_anew(cronofy, user):
    cronofy.set(coalescing=1.0)
    user.open_channel()
    user.make()
    cronofy.advance(1.2)
    user.make()
    cronofy.advance(1)

    assert since(cronofy) == ["2026-01-31T09:00:00Z", "2026-01-31T09:00:02Z"]


def test_a_notification_can_be_delayed(cronofy, user):
    cronofy.set(notification_delay=30.0)
    user.open_channel()
    user.make()

    cronofy.advance(29.9)
    assert since(cronofy) == []
    cronofy.advance(0.1)
    assert since(cronofy) == ["2026-01-31T09:00:00Z"]


def test_reads_lag_behind_and_the_modification_time_stays_early(cronofy, user):
    cronofy.set(visibility_lag=30.0)
    user.open_channel()
    user.make()

    cronofy.advance(29)
    assert user.read() == []
    assert since(cronofy) == []
    cronofy.advance(1)
    assert since(cronofy) == ["2026-01-31T09:00:00Z"]
    assert len(user.read(last_modified="2026-01-31T09:00:00Z")) == 1
    assert user.read(last_modified="2026-01-31T09:00:01Z") == []


def test_a_lagging_change_may_be_modified_when_it_shows(cronofy, user):
    cronofy.set(visibility_lag=30.0, lag_keeps_modification_time=False)
    user.make()
    cronofy.advance(30)

    assert len(user.read(last_modified="2026-01-31T09:00:30Z")) == 1
    assert user.read(last_modified="2026-01-31T09:00:31Z") == []


def test_a_notification_may_run_ahead_of_what_reads_show(cronofy, user):
    cronofy.set(visibility_lag=30.0, notify_before_visible=True)
    user.open_channel()
    user.make()

    assert since(cronofy) == ["2026-01-31T09:00:00Z"]
    assert user.read() == []


def test_under_lag_reads_show_the_version_before(cronofy, user):
    event = user.make(summary="Old")
    cronofy.set(visibility_lag=30.0)
    user.change(event, summary="New")

    assert user.read()[0]["summary"] == "Old"
    cronofy.advance(30)
    assert user.read()[0]["summary"] == "New"


def test_under_lag_a_deleted_event_is_still_there_for_a_while(cronofy, user):
    event = user.make()
    cronofy.set(visibility_lag=30.0)
    user.remove(event)

    assert len(user.read()) == 1
    cronofy.advance(30)
    assert user.read() == []


@pytest.mark.parametrize(
    "kind",
    [
        "verification",
        "change",
        "profile_disconnected",
        "conferencing_profile_disconnected",
        "profile_initial_sync_completed",
        "gdpr_requested",
        "something_new",
    ],
)
def test_every_type_can_be_sent_from_outside(cronofy, user, kind):
    user.open_channel()
    user.control("POST", "notifications", type=kind)

    (notification,) = cronofy.notifications()

    assert notification["type"] == kind
    assert ("changes_since" in notification) is (kind == "change")


def test_a_sent_change_carries_the_time_that_it_is_given(cronofy, user):
    user.open_channel()
    user.control("POST", "notifications", type="change", changes_since="2026-01-01T00:00:00Z")

    assert since(cronofy) == ["2026-01-01T00:00:00Z"]


def test_a_notification_can_be_sent_to_a_closed_channel(cronofy, user):
    channel_id = user.open_channel()
    user.delete(f"/v1/channels/{channel_id}")

    user.control("POST", "notifications", type="change", channel_id=channel_id)

    assert len(cronofy.deliver()) == 1


def test_a_disconnected_profile_is_told_and_shows_in_userinfo(cronofy, user):
    user.open_channel()
    profile_id = user.account["profiles"][0]["profile_id"]
    user.control("POST", f"profiles/{profile_id}/disconnect")

    assert [each["type"] for each in cronofy.notifications()] == ["profile_disconnected"]
    (profile,) = user.get("/v1/userinfo").json()["cronofy.data"]["profiles"]
    assert profile["profile_connected"] is False
    assert profile["profile_relink_url"].endswith(f"/relink/{profile_id}")


def test_a_disconnected_profile_answers_from_a_stale_cache_until_it_is_back(cronofy, user):
    user.open_channel()
    event = user.make(summary="Old")
    profile_id = user.account["profiles"][0]["profile_id"]
    user.control("POST", f"profiles/{profile_id}/disconnect")
    cronofy.deliver()
    cronofy.advance(60)
    user.change(event, summary="New")
    user.make(summary="Another")

    assert cronofy.deliver() == []
    assert [each["summary"] for each in user.read()] == ["Old"]

    cronofy.advance(60)
    user.control("POST", f"profiles/{profile_id}/reconnect")
    assert since(cronofy) == ["2026-01-31T09:02:00Z"] * 2
    shown = user.read(last_modified="2026-01-31T09:02:00Z")
    assert sorted(each["summary"] for each in shown) == ["Another", "New"]


def test_a_conferencing_profile_has_its_own_type(cronofy, user):
    user.open_channel()
    made = user.control("POST", "profiles", conferencing=True)
    user.control("POST", f"profiles/{made['profile_id']}/disconnect")

    kinds = [each["type"] for each in cronofy.notifications()]
    assert kinds == ["conferencing_profile_disconnected"]
    (profile,) = user.get("/v1/userinfo").json()["cronofy.data"]["conferencing_profiles"]
    assert profile["profile_connected"] is False


def test_a_first_sync_hides_the_events_until_it_is_told_to_be_over(cronofy, new_user):
    user = new_user(initial_sync_required=True)
    user.open_channel()
    user.make(count=3)
    (profile,) = user.get("/v1/profiles").json()["profiles"]
    assert profile["profile_initial_sync_required"] is True
    assert user.read() == []
    assert cronofy.deliver() == []

    user.control("POST", f"profiles/{profile['profile_id']}/initial_sync_completed")

    kinds = [each["type"] for each in cronofy.notifications()]
    assert kinds == ["profile_initial_sync_completed"]
    assert len(user.read()) == 3
    (profile,) = user.get("/v1/profiles").json()["profiles"]
    assert profile["profile_initial_sync_required"] is False


@pytest.mark.parametrize("told", [True, False])
def test_whether_a_calendar_coming_or_going_is_told_is_a_setting(cronofy, user, told):
    cronofy.set(calendar_changes_notify=told)
    user.open_channel()

    made = user.control("POST", "calendars", name="New")
    user.control("DELETE", f"calendars/{made['calendar_id']}")

    assert len(cronofy.deliver()) == (2 if told else 0)
