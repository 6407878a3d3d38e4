"""The application's writes. Facts: reference 3.5."""

import pytest

EVENT = {
    "event_id": "own-1",
    "summary": "Board meeting",
    "description": "Discuss",
    "start": "2026-03-11T09:00:00Z",
    "end": "2026-03-11T10:00:00Z",
}


def path(user, number=0):
    return f"/v1/calendars/{user.calendars[number]}/events"


def error_keys(response):
    return {field: each[0]["key"] for field, each in response.json()["errors"].items()}


def test_an_upsert_creates_and_then_updates_one_event(user):
    response = user.post(path(user), EVENT)
    (created,) = user.read(include_managed=True)
    user.post(path(user), {**EVENT, "summary": "Renamed"})
    (updated,) = user.read(include_managed=True)

    assert (response.status, response.body) == (202, b"")
    assert created["event_id"] == "own-1"
    assert updated["event_uid"] == created["event_uid"]
    assert updated["summary"] == "Renamed"


def test_the_same_event_id_in_another_calendar_is_another_event(user):
    user.post(path(user, 0), EVENT)
    user.post(path(user, 1), EVENT)

    assert len(user.read(include_managed=True)) == 2


def test_own_writes_are_silent(cronofy, user):
    user.open_channel()

    user.post(path(user), EVENT)
    user.post(path(user), {**EVENT, "summary": "Renamed"})
    user.delete(path(user), {"event_id": "own-1"})

    assert cronofy.deliver() == []


def test_a_persons_later_edit_of_a_managed_event_notifies(cronofy, user):
    user.post(path(user), EVENT)
    user.open_channel()

    user.change(user.read(include_managed=True)[0], summary="By hand")

    assert len(cronofy.deliver()) == 1


def test_deleting_an_own_event_leaves_a_deleted_one(user):
    user.post(path(user), EVENT)

    assert user.delete(path(user), {"event_id": "own-1"}).status == 202
    assert user.read(include_managed=True) == []
    assert len(user.read(include_managed=True, include_deleted=True)) == 1


def test_an_upsert_revives_a_deleted_event(user):
    user.post(path(user), EVENT)
    user.delete(path(user), {"event_id": "own-1"})
    user.post(path(user), EVENT)

    (revived,) = user.read(include_managed=True, include_deleted=True)
    assert revived["deleted"] is False


def test_deleting_what_is_not_there_is_accepted(user):
    assert user.delete(path(user), {"event_id": "unknown"}).status == 202


@pytest.mark.parametrize(
    ("changed", "errors"),
    [
        ({"event_id": None}, {"event_id": "errors.required"}),
        ({"summary": ""}, {"summary": "errors.required"}),
        ({"start": None, "end": None}, {"start": "errors.required", "end": "errors.required"}),
        ({"start": "tomorrow"}, {"start": "errors.invalid_time"}),
        ({"start": "2026-03-11T09:00:00.5Z"}, {"start": "errors.invalid_time"}),
        ({"end": "2026-03-11T08:00:00Z"}, {"end": "errors.invalid_time_pair"}),
        ({"tzid": "Mars/Olympus"}, {"tzid": "errors.tzid_unrecognized"}),
    ],
)
def test_a_bad_event_is_refused_by_field(user, changed, errors):
    response = user.post(path(user), {**EVENT, **changed})

    assert (response.status, error_keys(response)) == (422, errors)
    assert user.read(include_managed=True) == []


def test_times_may_be_written_with_their_zone(user):
    start = {"time": "2026-07-01T09:00:00Z", "tzid": "Europe/Berlin"}
    end = {"time": "2026-07-01T10:00:00Z", "tzid": "Europe/Berlin"}
    user.post(path(user), {**EVENT, "start": start, "end": end})

    (plain,) = user.read(include_managed=True)
    (localized,) = user.read(include_managed=True, localized_times=True)
    assert plain["start"] == "2026-07-01T09:00:00Z"
    assert localized["start"] == {"time": "2026-07-01T11:00:00+02:00", "tzid": "Europe/Berlin"}


def test_an_unknown_or_deleted_calendar_is_not_found(user):
    user.control("DELETE", f"calendars/{user.calendars[0]}")

    assert user.post(path(user), EVENT).status == 404
    assert user.post("/v1/calendars/cal_x/events", EVENT).status == 404


def test_writing_needs_its_scopes(new_user):
    reader = new_user(scope="read_events")

    assert reader.post(path(reader), EVENT).status == 403
    assert reader.delete(path(reader), {"event_id": "own-1"}).status == 403
    assert reader.delete("/v1/events", {"delete_all": True}).status == 403


def test_a_disconnected_profile_is_locked(user):
    profile_id = user.get("/v1/profiles").json()["profiles"][0]["profile_id"]
    user.control("POST", f"profiles/{profile_id}/disconnect")

    assert user.post(path(user), EVENT).status == 423


def test_others_events_can_be_edited_only_with_unrestricted_permission(user):
    event = user.make()
    edit = {"event_uid": event["event_uid"], "summary": "Edited"}
    assert user.post(path(user), edit).status == 403

    made = user.control("POST", "calendars", permission_level="unrestricted")
    mine = user.make(calendar_id=made["calendar_id"])
    where = f"/v1/calendars/{made['calendar_id']}/events"
    assert user.post(where, {**edit, "event_uid": mine["event_uid"]}).status == 202
    assert user.read(**{"calendar_ids[]": [made["calendar_id"]]})[0]["summary"] == "Edited"
    assert user.delete(where, {"event_uid": mine["event_uid"]}).status == 202
    assert user.delete(where, {"event_uid": "unknown"}).status == 404


def test_the_uid_of_an_own_event_is_not_an_external_one(user):
    user.post(path(user), EVENT)
    uid = user.read(include_managed=True)[0]["event_uid"]

    response = user.delete(path(user), {"event_uid": uid})

    assert error_keys(response) == {"event_uid": "errors.must_be_external_event_uid"}


@pytest.mark.parametrize("by_query", [True, False])
def test_all_managed_events_can_be_deleted_at_once(user, by_query):
    user.post(path(user, 0), EVENT)
    user.post(path(user, 1), EVENT)
    other = user.make()

    if by_query:
        response = user.delete("/v1/events?delete_all=True", {})
    else:
        response = user.delete("/v1/events", {"delete_all": True})

    assert response.status == 202
    assert user.uids(include_managed=True) == [other["event_uid"]]


def test_managed_events_of_some_calendars_can_be_deleted(user):
    user.post(path(user, 0), EVENT)
    user.post(path(user, 1), EVENT)

    assert user.delete("/v1/events", {"calendar_ids": [user.calendars[0]]}).status == 202

    (left,) = user.read(include_managed=True)
    assert left["calendar_id"] == user.calendars[1]


def test_exactly_one_way_to_choose_what_to_delete(user):
    both = {"delete_all": True, "calendar_ids": [user.calendars[0]]}

    assert user.delete("/v1/events", both).status == 422
    assert user.delete("/v1/events", {}).status == 422


def test_the_participation_status_changes_silently(cronofy, user):
    user.open_channel()
    event = user.make()
    cronofy.deliver()
    where = f"{path(user)}/{event['event_uid']}/participation_status"

    assert user.post(where, {"status": "declined"}).status == 202
    assert user.read()[0]["participation_status"] == "declined"
    assert cronofy.deliver() == []
    assert user.post(where, {"status": "perhaps"}).status == 422
    assert user.post(where.replace("evt_", "x"), {"status": "declined"}).status == 404


def test_ids_with_an_at_sign_are_taken_encoded_in_the_path(user):
    event = user.make(variety=["at_sign_ids"])
    uid = event["event_uid"].replace("@", "%40")

    assert "@" in event["event_uid"]
    response = user.post(f"{path(user)}/{uid}/participation_status", {"status": "accepted"})
    assert response.status == 202
