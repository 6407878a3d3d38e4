"""Read Events: parameters and window. Facts: reference 3.1. Now is 2026-03-10T12:00:00.250Z."""

from datetime import UTC, datetime

import pytest

DAY = 86400


@pytest.fixture
def cronofy(make_cronofy):
    return make_cronofy(now=datetime(2026, 3, 10, 12, 0, 0, 250_000, tzinfo=UTC))


def error_keys(response):
    assert response.status == 422
    return {field: each[0]["key"] for field, each in response.json()["errors"].items()}


def at(day, hour=9):
    return {"start": f"{day}T{hour:02}:00:00Z", "end": f"{day}T{hour + 1:02}:00:00Z"}


def all_day(first, end):
    return {"start": first, "end": end}


def test_an_event_is_shown_with_the_fields_that_cronofy_sends(user):
    event = user.make(summary="Lunch", **at("2026-03-11", 12))

    (shown,) = user.read()

    assert shown == event
    assert shown["calendar_id"] == user.calendars[0]
    assert shown["event_uid"].startswith("evt_external_")
    assert shown["start"] == "2026-03-11T12:00:00Z"
    assert shown["created"] == shown["updated"] == "2026-03-10T12:00:00Z"
    assert shown["deleted"] is False
    assert shown["options"] == {
        "delete": True,
        "update": True,
        "change_participation_status": True,
    }
    assert "event_id" not in shown


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ({}, {"tzid": "errors.required"}),
        ({"tzid": ""}, {"tzid": "errors.required"}),
        ({"tzid": "Mars/Olympus"}, {"tzid": "errors.tzid_unrecognized"}),
        ({"tzid": "../etc/passwd"}, {"tzid": "errors.tzid_unrecognized"}),
        ({"tzid": "Etc/UTC", "from": "yesterday"}, {"from": "errors.invalid_date"}),
        ({"tzid": "Etc/UTC", "from": "2026-02-30"}, {"from": "errors.invalid_date"}),
        ({"tzid": "Etc/UTC", "from": "2026-01-26"}, {"from": "errors.too_far_in_the_past"}),
        ({"tzid": "Etc/UTC", "to": "2026-09-28"}, {"to": "errors.too_far_in_the_future"}),
        (
            {"tzid": "Etc/UTC", "from": "2026-03-12", "to": "2026-03-12"},
            {"to": "errors.invalid_time_pair"},
        ),
        (
            {"tzid": "Etc/UTC", "include_deleted": "yes"},
            {"include_deleted": "errors.must_be_boolean"},
        ),
        (
            {"tzid": "Etc/UTC", "calendar_ids[]": ["cal_x"]},
            {"calendar_ids": "errors.invalid_calendar_ids"},
        ),
        (
            {"tzid": "Etc/UTC", "calendar_ids[]": [""]},
            {"calendar_ids": "errors.invalid_calendar_ids"},
        ),
    ],
)
def test_a_bad_parameter_is_refused_by_name(user, query, errors):
    assert error_keys(user.get("/v1/events", **query)) == errors


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-10T11:00:00.001Z",
        "2026-03-10T11:00:00.500000Z",
        "2026-03-10",
        "2026-03-10T11:00:00",
        "2026-03-10 11:00:00Z",
        "1773140400",
        "",
        "9999-99-99T00:00:00Z",
    ],
)
def test_last_modified_is_a_time_of_whole_seconds(user, value):
    response = user.get("/v1/events", tzid="Etc/UTC", last_modified=value)

    assert error_keys(response) == {"last_modified": "errors.invalid_time"}


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-10T12:00:00Z",
        "2026-03-10T12:00:00.000Z",
        "2026-03-10T13:00:00+01:00",
        "2026-03-10T12:00:00UTC",
    ],
)
def test_last_modified_is_inclusive_at_whole_seconds(cronofy, user, value):
    user.make()  # at 12:00:00.25

    assert len(user.read(last_modified=value)) == 1
    assert user.read(last_modified="2026-03-10T12:00:01Z") == []


def test_a_change_renews_the_modification_time(cronofy, user):
    event = user.make()
    cronofy.advance(60)
    user.change(event, summary="Renamed")

    (shown,) = user.read(last_modified="2026-03-10T12:01:00Z")

    assert shown["summary"] == "Renamed"
    assert shown["updated"] == "2026-03-10T12:01:00Z"
    assert shown["created"] == "2026-03-10T12:00:00Z"


@pytest.mark.parametrize(
    ("days", "is_inside"),
    [
        (("2026-01-25", "2026-01-26"), False),
        (("2026-01-26", "2026-01-28"), True),
        (("2026-09-26", "2026-09-27"), True),
        (("2026-09-27", "2026-09-28"), False),
        (("2026-01-01", "2026-12-31"), True),
    ],
)
def test_the_default_window_is_42_days_back_and_201_ahead(user, days, is_inside):
    user.make(**all_day(*days))

    assert bool(user.read()) is is_inside


def test_the_window_slides_with_time_and_modifies_nothing(cronofy, user):
    user.make(**all_day("2026-09-27", "2026-09-28"), quiet=True)
    assert user.read() == []

    cronofy.advance(DAY)
    user.account.update(user.control("POST", "tokens"))
    assert len(user.read()) == 1
    assert user.read(last_modified="2026-03-10T12:00:01Z") == []


def test_to_is_exclusive_and_from_is_inclusive(user):
    for day in ("2026-03-10", "2026-03-11", "2026-03-12", "2026-03-13"):
        user.make(summary=day, **all_day(day, day))

    shown = user.read(**{"from": "2026-03-11", "to": "2026-03-13"})

    assert [event["summary"] for event in shown] == ["2026-03-11", "2026-03-12"]


@pytest.mark.parametrize("inclusive", [True, False])
def test_whether_an_event_that_ends_at_from_is_returned_is_a_setting(cronofy, user, inclusive):
    cronofy.set(from_edge_inclusive=inclusive)
    user.make(start="2026-03-10T23:00:00Z", end="2026-03-11T00:00:00Z")

    assert bool(user.read(**{"from": "2026-03-11"})) is inclusive


def test_day_boundaries_are_those_of_the_zone_asked_for(user):
    user.make(start="2026-03-11T02:00:00Z", end="2026-03-11T03:00:00Z")  # the 10th in New York

    assert user.read(**{"from": "2026-03-11", "to": "2026-03-12"})
    assert not user.read(**{"tzid": "America/New_York", "from": "2026-03-11", "to": "2026-03-12"})
    assert user.read(**{"tzid": "America/New_York", "from": "2026-03-10", "to": "2026-03-11"})


def test_all_day_events_are_on_their_day_in_every_zone(user):
    user.make(**all_day("2026-03-11", "2026-03-12"))

    for tzid in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "Etc/UTC"):
        assert user.read(**{"tzid": tzid, "from": "2026-03-11", "to": "2026-03-12"})
        assert not user.read(**{"tzid": tzid, "from": "2026-03-13", "to": "2026-03-14"})
        assert not user.read(**{"tzid": tzid, "from": "2026-03-09", "to": "2026-03-11"})


def test_from_and_to_may_be_times(user):
    user.make(**at("2026-03-11", 9))

    assert user.read(**{"from": "2026-03-11T09:30:00Z", "to": "2026-03-11T12:00:00Z"})
    assert not user.read(**{"from": "2026-03-11T10:00:01Z", "to": "2026-03-11T12:00:00Z"})
    assert not user.read(**{"from": "2026-03-11T06:00:00Z", "to": "2026-03-11T09:00:00Z"})


def test_reads_can_be_narrowed_to_calendars(user):
    one = user.make(calendar_id=user.calendars[0])
    two = user.make(calendar_id=user.calendars[1])

    assert user.uids(**{"calendar_ids[]": [user.calendars[1]]}) == [two["event_uid"]]
    both = user.uids(**{"calendar_ids[]": list(user.calendars)})
    assert sorted(both) == sorted([one["event_uid"], two["event_uid"]])


@pytest.mark.parametrize("true", ["true", "True", "TRUE", "1"])
def test_booleans_are_taken_in_any_case(user, true):
    user.remove(user.make())

    assert len(user.read(include_deleted=true)) == 1


def test_deleted_events_show_only_on_request(cronofy, user):
    event = user.make()
    cronofy.advance(10)
    user.remove(event)

    assert user.read() == []
    (shown,) = user.read(include_deleted=True, last_modified="2026-03-10T12:00:10Z")
    assert shown["deleted"] is True
    assert shown["summary"] == event["summary"]


def test_a_deleted_event_may_show_its_ids_only(cronofy, user):
    cronofy.set(deleted_fields="ids")
    event = user.make()
    user.remove(event)

    assert user.read(include_deleted=True) == [
        {"calendar_id": event["calendar_id"], "event_uid": event["event_uid"], "deleted": True}
    ]


def test_deleted_events_are_forgotten_after_the_retention(cronofy, user):
    cronofy.set(deleted_retention=60.0)
    user.remove(user.make())

    cronofy.advance(59)
    assert user.read(include_deleted=True)
    cronofy.advance(1)
    assert not user.read(include_deleted=True)
    cronofy.set(deleted_retention=None)
    assert user.read(include_deleted=True)


def test_an_event_moved_out_of_the_window_shows_only_on_request(cronofy, user):
    event = user.make(**at("2026-03-11"))
    cronofy.advance(10)
    user.change(event, **at("2027-03-11"))

    assert user.read() == []
    (shown,) = user.read(include_moved=True, last_modified="2026-03-10T12:00:10Z")
    assert shown["start"] == "2027-03-11T09:00:00Z"
    assert shown["deleted"] is False


def test_moved_events_are_those_once_inside_the_window_that_was_asked_for(user):
    event = user.make(**at("2026-03-11"))
    user.change(event, **at("2026-03-20"))

    window = {"from": "2026-03-12", "to": "2026-03-14"}
    assert user.read(**window, include_moved=True) == []
    window = {"from": "2026-03-10", "to": "2026-03-12"}
    assert len(user.read(**window, include_moved=True)) == 1
    assert user.read(**window) == []


def test_an_event_moved_out_and_deleted_needs_both_flags(user):
    event = user.make(**at("2026-03-11"))
    user.change(event, **at("2027-03-11"))
    user.remove(event)

    assert user.read(include_deleted=True) == []
    assert user.read(include_moved=True) == []
    assert len(user.read(include_deleted=True, include_moved=True)) == 1


def test_managed_events_show_only_on_request(user):
    other = user.make(**at("2026-03-11", 8))
    own = user.make(managed=True, event_id="own-1", **at("2026-03-11", 9))

    assert user.uids() == [other["event_uid"]]
    assert user.uids(include_managed=True) == [other["event_uid"], own["event_uid"]]
    (shown,) = user.read(only_managed=True)
    assert shown["event_id"] == "own-1"


def test_managed_events_are_of_all_time_unless_from_or_to_is_given(user):
    user.make(managed=True, **at("2020-01-01"))
    user.make(**at("2020-01-01"))

    assert len(user.read(include_managed=True)) == 1
    assert user.read(include_managed=True, **{"from": "2026-03-01"}) == []
    assert user.read(include_managed=True, to="2026-04-01") == []


def test_only_managed_needs_no_read_scope(new_user):
    writer = new_user(scope="create_event")

    assert writer.get("/v1/events", tzid="Etc/UTC").status == 403
    assert writer.get("/v1/events", tzid="Etc/UTC", only_managed=True).status == 200


@pytest.mark.parametrize("scope", ["read_events", "read_only", "read_write"])
def test_simplified_scopes_stand_for_reading(new_user, scope):
    assert new_user(scope=scope).get("/v1/events", tzid="Etc/UTC").status == 200


@pytest.mark.parametrize("scope", ["free_busy", "read_free_busy", "read_account", "write_only"])
def test_other_scopes_do_not_read_events(new_user, scope):
    assert new_user(scope=scope).get("/v1/events", tzid="Etc/UTC").status == 403


def test_localized_times_carry_the_zone_of_the_event(user):
    user.make(tzid="Europe/Berlin", **at("2026-07-01", 9))
    user.make(**at("2026-07-02", 9))
    user.make(tzid="Europe/Berlin", **all_day("2026-07-03", "2026-07-04"))

    starts = [event["start"] for event in user.read(localized_times=True)]

    assert starts == [
        {"time": "2026-07-01T11:00:00+02:00", "tzid": "Europe/Berlin"},
        {"time": "2026-07-02T09:00:00Z", "tzid": "Etc/UTC"},
        {"time": "2026-07-03", "tzid": "Europe/Berlin"},
    ]
    assert user.read()[0]["start"] == "2026-07-01T09:00:00Z"


def test_coordinates_and_google_ids_show_only_on_request(user):
    place = {"description": "Here", "lat": "51.5", "long": "-0.12"}
    user.make(location=place, google_event_id="g1")

    (plain,) = user.read()
    assert plain["location"] == {"description": "Here"}
    assert "google_event_id" not in plain
    (rich,) = user.read(include_geo=True, google_event_ids=True)
    assert rich["location"] == place
    assert rich["google_event_id"] == "g1"


def test_coordinates_may_not_be_in_the_plan(cronofy, user):
    cronofy.set(geo_in_plan=False)

    assert user.get("/v1/events", tzid="Etc/UTC", include_geo=True).status == 402
    assert user.get("/v1/events", tzid="Etc/UTC").status == 200


def test_unknown_parameters_are_ignored_unless_set_otherwise(cronofy, user):
    assert user.get("/v1/events", tzid="Etc/UTC", colour="red").status == 200

    cronofy.set(unknown_parameters="refused")
    response = user.get("/v1/events", tzid="Etc/UTC", colour="red")
    assert error_keys(response) == {"colour": "errors.unknown_parameter"}


def test_a_series_comes_as_occurrences_with_ids_of_their_own(user):
    user.make(series=True, count=5, summary="Stand-up")

    shown = user.read()

    assert len({event["event_uid"] for event in shown}) == 5
    assert len({event["series_identifier"] for event in shown}) == 1
    assert {event["recurring"] for event in shown} == {True}
    assert {event["summary"] for event in shown} == {"Stand-up"}


def test_accounts_do_not_see_each_other(user, another):
    user.make()

    assert another.read() == []
