"""Free-busy. Facts: reference section 4."""

import pytest

AT_NINE = {"start": "2026-02-01T09:00:00Z", "end": "2026-02-01T10:00:00Z"}


def periods(user, **query):
    return user.cronofy.read(user.account, "/v1/free_busy", **query)


def test_a_period_has_no_details(user):
    user.make(**AT_NINE)

    assert periods(user) == [
        {"calendar_id": user.calendars[0], "free_busy_status": "busy", **AT_NINE}
    ]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"transparency": "opaque"}, "busy"),
        ({"transparency": "transparent"}, "free"),
        ({"transparency": "unknown"}, "unknown"),
        ({"status": "tentative"}, "tentative"),
        ({"status": "cancelled"}, "free"),
        ({"status": "tentative", "transparency": "transparent"}, "free"),
        ({"status": "tentative", "transparency": "unknown"}, "tentative"),
        ({"participation_status": "declined"}, "busy"),
        ({"variety": ["bare"]}, "busy"),
    ],
)
def test_the_status_follows_from_the_event(user, fields, status):
    user.make(**fields)

    assert [each["free_busy_status"] for each in periods(user, include_free=True)] == [status]
    assert len(periods(user)) == (0 if status == "free" else 1)


def test_ids_and_deletions_show_on_request(user):
    event = user.make()
    own = user.make(managed=True, event_id="own-1")
    user.remove(event)

    shown = periods(user, include_ids=True, include_deleted=True, include_managed=True)

    assert {each["event_uid"]: (each["deleted"], each.get("event_id")) for each in shown} == {
        event["event_uid"]: (True, None),
        own["event_uid"]: (False, "own-1"),
    }


def test_managed_periods_show_only_on_request(user):
    user.make(managed=True)

    assert periods(user) == []
    assert len(periods(user, include_managed=True)) == 1


def test_only_what_was_modified_since_shows(cronofy, user):
    user.make()
    cronofy.advance(60)

    assert len(periods(user, last_modified="2026-01-31T09:00:00Z")) == 1
    assert periods(user, last_modified="2026-01-31T09:00:01Z") == []


def test_times_can_be_localized(user):
    user.make(tzid="Europe/Berlin", **AT_NINE)

    (shown,) = periods(user, localized_times=True)
    assert shown["start"] == {"time": "2026-02-01T10:00:00+01:00", "tzid": "Europe/Berlin"}


@pytest.mark.parametrize(
    ("scope", "status"),
    [("read_free_busy", 200), ("free_busy", 200), ("read_events", 200), ("create_event", 403)],
)
def test_reading_events_implies_reading_free_busy(new_user, scope, status):
    assert new_user(scope=scope).get("/v1/free_busy", tzid="Etc/UTC").status == status


def test_the_rules_for_parameters_are_those_of_events(user):
    response = user.get("/v1/free_busy", **{"from": "2020-01-01"})

    assert response.status == 422
    assert set(response.json()["errors"]) == {"tzid", "from"}


def test_periods_come_in_pages(cronofy, user):
    cronofy.set(page_size=2)
    user.make(count=5)

    first = user.get("/v1/free_busy", tzid="Etc/UTC").json()

    assert "/v1/free_busy/pages/" in first["pages"]["next_page"]
    assert len(periods(user)) == 5
