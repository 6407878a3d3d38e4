"""Cronofy's own Python client, which no one here wrote, against the simulator."""

import datetime

import pycronofy
import pytest
from pycronofy.exceptions import PyCronofyRequestError

CLIENT = {"client_id": "simulator_client", "client_secret": "CRN_simulator_secret"}


@pytest.fixture
def client(cronofy, account):
    """The client's addresses are attributes of its own, set by its data center otherwise."""
    made = pycronofy.Client(
        **CLIENT, access_token=account["access_token"], refresh_token=account["refresh_token"]
    )
    return pointed(made, cronofy)


def pointed(client, cronofy):
    client.request_handler.base_url = cronofy.url
    client.app_base_url = cronofy.url
    return client


def tomorrow(hour):
    day = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=1)
    return datetime.datetime(day.year, day.month, day.day, hour, tzinfo=datetime.UTC)


def event(event_id="own-1", summary="Board meeting"):
    return {
        "event_id": event_id,
        "summary": summary,
        "description": "",
        "start": tomorrow(9),
        "end": tomorrow(10),
        "location": {"description": "Board room"},
    }


def status_of(call, *arguments, **named):
    with pytest.raises(PyCronofyRequestError) as raised:
        call(*arguments, **named)
    return raised.value.response.status_code


def test_a_user_is_sent_to_the_consent_page_and_the_code_exchanged(cronofy, account):
    client = pointed(pycronofy.Client(**CLIENT), cronofy)
    link = client.user_auth_link("https://app.example.com/cb", scope="read_account", state="s")
    assert link.startswith(f"{cronofy.url}/oauth/authorize?")
    decision = {"decision": "allow", "account": "acc_1"}
    back = cronofy.session.post(link, data=decision, allow_redirects=False)
    code = back.headers["Location"].partition("code=")[2].partition("&")[0]

    client.get_authorization_from_code(code, "https://app.example.com/cb")

    assert client.account()["account_id"] == "acc_1"


def test_tokens_are_refreshed(client, account):
    answer = client.refresh_authorization()

    assert answer["access_token"] != account["access_token"]
    assert answer["refresh_token"] != account["refresh_token"]
    assert client.is_authorization_expired() is False
    assert client.account()["account_id"] == "acc_1"


def test_an_expired_token_is_an_error_and_a_refresh_its_cure(cronofy, client):
    cronofy.control("POST", "accounts/acc_1/tokens/expire")
    assert status_of(client.account) == 401

    client.refresh_authorization()
    assert client.account()["account_id"] == "acc_1"


def test_the_account_is_described(client, account):
    info = client.userinfo()

    assert info["sub"] == "acc_1"
    (profile,) = info["cronofy.data"]["profiles"]
    assert profile["profile_connected"] is True
    assert client.list_profiles()[0]["profile_id"] == profile["profile_id"]
    listed = [each["calendar_id"] for each in client.list_calendars()]
    assert listed == [each["calendar_id"] for each in account["calendars"]]


def test_all_pages_of_a_read_are_walked(cronofy, client, account):
    cronofy.control("PATCH", "settings", page_size=10)
    cronofy.event(account, count=35)

    by_iterating = [each["event_uid"] for each in client.read_events()]
    by_asking = [each["event_uid"] for each in client.read_events().all()]

    truth = cronofy.control("GET", "accounts/acc_1/events")["events"]
    assert by_iterating == by_asking == [each["event_uid"] for each in truth]
    assert len(by_iterating) == 35


@pytest.mark.parametrize("last_page_link", ["absent", "null", "empty"])
@pytest.mark.parametrize("pages", ["snapshot", "live"])
def test_pages_are_walked_whatever_the_last_one_looks_like(
    cronofy, client, account, last_page_link, pages
):
    cronofy.control("PATCH", "settings", page_size=2, last_page_link=last_page_link, pages=pages)
    cronofy.event(account, count=5)

    assert len(list(client.read_events())) == 5


def test_a_read_takes_dates_times_and_flags(cronofy, client, account):
    made = cronofy.event(account, start="2026-01-01T09:00:00Z", quiet=True)
    calendar_id = made["calendar_id"]
    cronofy.event(account)
    cronofy.control("DELETE", f"accounts/acc_1/events/{cronofy.event(account)['event_uid']}")
    now = datetime.datetime.now(datetime.UTC)

    def count(**query):
        return len(client.read_events(**query).all())

    assert count() == 1
    assert count(include_deleted=True) == 2
    assert count(include_deleted=True, last_modified=now + datetime.timedelta(hours=1)) == 0
    assert count(from_date=now.date(), to_date=now.date() + datetime.timedelta(days=7)) == 1
    assert count(from_date=now, to_date=now + datetime.timedelta(days=7)) == 1
    assert count(calendar_ids=(calendar_id,), only_managed=True) == 0
    assert count(tzid="America/New_York", localized_times=True) == 1


def test_a_refused_read_says_which_parameter_was_wrong(client):
    with pytest.raises(PyCronofyRequestError) as raised:
        client.read_events(from_date="2001-01-01", tzid="Mars/Olympus")

    assert raised.value.response.status_code == 422
    assert set(raised.value.response.json()["errors"]) == {"from", "tzid"}


def test_events_are_written_and_deleted(client, account):
    calendar_id = account["calendars"][0]["calendar_id"]
    client.upsert_event(calendar_id, event())
    client.upsert_event(calendar_id, event(summary="Renamed"))

    (shown,) = client.read_events()
    assert (shown["event_id"], shown["summary"]) == ("own-1", "Renamed")

    client.delete_event(calendar_id, "own-1")
    assert client.read_events().all() == []
    assert len(client.read_events(include_deleted=True).all()) == 1


@pytest.mark.parametrize("named", [True, False])
def test_all_own_events_are_deleted_at_once(client, account, named):
    calendar_id = account["calendars"][0]["calendar_id"]
    client.upsert_event(calendar_id, event("one"))
    client.upsert_event(calendar_id, event("two"))

    client.delete_all_events(calendar_ids=(calendar_id,) if named else ())

    assert client.read_events().all() == []


def test_the_participation_status_is_changed(cronofy, client, account):
    made = cronofy.event(account, variety=["at_sign_ids"])
    client.change_participation_status(made["calendar_id"], made["event_uid"], "declined")

    assert client.read_events().all()[0]["participation_status"] == "declined"


def test_an_external_event_is_deleted_where_permission_is_unrestricted(cronofy, client, account):
    calendar = cronofy.control("POST", "accounts/acc_1/calendars", permission_level="unrestricted")
    made = cronofy.event(account, calendar_id=calendar["calendar_id"])

    client.delete_external_event(calendar["calendar_id"], made["event_uid"])

    assert client.read_events().all() == []


def test_free_busy_is_read(cronofy, client, account):
    cronofy.control("PATCH", "settings", page_size=2)
    cronofy.event(account, count=5)

    periods = client.read_free_busy().all()

    assert [each["free_busy_status"] for each in periods] == ["busy"] * 5


def test_calendars_are_created_once(client, account):
    profile_id = account["profiles"][0]["profile_id"]
    made = client.create_calendar(profile_id, "Holidays")["calendar"]

    found = client.create_calendar(profile_id, "Holidays", error_on_duplicate=False)
    assert found["calendar_id"] == made["calendar_id"]
    assert status_of(client.create_calendar, profile_id, "Holidays") == 422


def test_channels_are_created_listed_and_closed(client, callback):
    made = client.create_notification_channel(callback.url)
    again = client.create_notification_channel(callback.url)
    managed = client.create_notification_channel(callback.url, only_managed=True)

    assert again["channel_id"] == made["channel_id"]
    assert managed["filters"] == {"only_managed": True}
    assert len(client.list_notification_channels()) == 2
    client.close_notification_channel(made["channel_id"])
    assert status_of(client.close_notification_channel, made["channel_id"]) == 404
    assert len(client.list_notification_channels()) == 1


def test_a_channel_takes_calendars(client, account, callback):
    calendar_ids = (account["calendars"][1]["calendar_id"],)

    made = client.create_notification_channel(callback.url, calendar_ids=calendar_ids)

    assert made["filters"] == {"calendar_ids": list(calendar_ids)}


def test_a_delivered_notification_has_a_valid_signature(cronofy, client, account, callback):
    cronofy.control("PATCH", "settings", client_secrets=["CRN_other", "CRN_simulator_secret"])
    client.create_notification_channel(callback.url)
    cronofy.event(account)

    for received in callback.wait(2):
        body = received.body.decode()
        signature = received.headers["Cronofy-HMAC-SHA256"]
        assert client.hmac_valid(signature, body)
        assert not client.hmac_valid(signature, body + " ")
        assert not client.hmac_valid("", body)


def test_a_profile_and_then_the_authorization_are_revoked(client, account):
    client.revoke_profile(account["profiles"][0]["profile_id"])
    assert client.list_profiles() == []

    refresh_token = client.auth.refresh_token
    client.revoke_authorization()
    client.auth.update(refresh_token=refresh_token)
    assert status_of(client.refresh_authorization) == 400


def test_an_application_calendar_is_opened(cronofy):
    client = pointed(pycronofy.Client(**CLIENT), cronofy)
    answer = client.application_calendar("rooms")

    assert answer["sub"].startswith("apc_")
    (calendar,) = client.list_calendars()
    client.upsert_event(calendar["calendar_id"], event())
    assert len(client.read_events().all()) == 1


def test_wrong_credentials_are_refused(cronofy, account):
    wrong = {**CLIENT, "client_secret": "CRN_wrong"}
    client = pycronofy.Client(**wrong, refresh_token=account["refresh_token"])

    assert status_of(pointed(client, cronofy).refresh_authorization) == 400


def test_too_many_calls_are_throttled(cronofy, client):
    cronofy.control("PATCH", "settings", calls_per_minute=3)
    for _ in range(3):
        client.list_notification_channels()

    assert status_of(client.list_notification_channels) == 429
