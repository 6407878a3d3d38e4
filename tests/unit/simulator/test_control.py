"""The control API: the outside world, played."""

import pytest

MALFORMED = [
    ("POST", "accounts", {"calendars": "two"}),
    ("POST", "accounts", {"calendars": -1}),
    ("POST", "accounts", {"calendars": [7]}),
    ("POST", "accounts", {"count": 0}),
    ("POST", "accounts", {"count": 10_001}),
    ("POST", "accounts", {"colour": "red"}),
    ("POST", "accounts", {"account_id": 7}),
    ("POST", "clock", {"advance_seconds": -1}),
    ("POST", "clock", {"advance_seconds": 1e300}),
    ("POST", "clock", {}),
    ("PATCH", "settings", {"page_size": 0}),
    ("PATCH", "settings", {"page_size": "many"}),
    ("PATCH", "settings", {"pages": "sideways"}),
    ("PATCH", "settings", {"no_such": 1}),
    ("POST", "accounts/acc_1/events", {"start": "tomorrow"}),
    ("POST", "accounts/acc_1/events", {"start": "2026-02-01", "end": "2026-01-01"}),
    ("POST", "accounts/acc_1/events", {"start": "2026-02-01", "end": "2026-02-01T00:00:00Z"}),
    ("POST", "accounts/acc_1/events", {"count": 0}),
    ("POST", "accounts/acc_1/events", {"count": "five"}),
    ("POST", "accounts/acc_1/events", {"calendar_id": "cal_x"}),
    ("POST", "accounts/acc_1/events", {"variety": ["sparkling"]}),
    ("POST", "accounts/acc_1/events", {"tzid": "Mars/Olympus"}),
    ("POST", "accounts/acc_1/events", {"every_seconds": 1e300, "count": 2}),
    ("POST", "accounts/acc_1/events", {"event_uid": "evt_1", "count": 2}),
    ("PATCH", "accounts/acc_1/events", {"changes": {"move_seconds": "far"}}),
]
MISSING = [
    ("GET", "accounts/none"),
    ("DELETE", "accounts/acc_1/calendars/none"),
    ("POST", "accounts/acc_1/profiles/none/disconnect"),
    ("POST", "accounts/acc_1/profiles/none/reconnect"),
    ("POST", "accounts/acc_1/profiles/none/initial_sync_completed"),
    ("PATCH", "accounts/acc_1/events/none"),
    ("DELETE", "accounts/acc_1/events/none"),
    ("GET", "nothing"),
]


@pytest.mark.parametrize(("method", "path", "fields"), MALFORMED)
def test_what_makes_no_sense_is_refused_with_a_reason(cronofy, user, method, path, fields):
    response = cronofy.order(method, path, **fields)

    assert response.status == 422
    assert response.json()["error"]


@pytest.mark.parametrize(("method", "path"), MISSING)
def test_what_is_not_there_is_not_found(cronofy, user, method, path):
    response = cronofy.order(method, path)

    assert response.status == 404
    assert response.json()["error"]


def test_a_path_taken_with_another_method_says_which(cronofy):
    response = cronofy.order("PUT", "clock")

    assert (response.status, response.json()["error"]) == (405, "this path takes GET, POST")


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"NaN"])
def test_a_body_that_is_no_json_object_is_refused(cronofy, body):
    assert cronofy.request("POST", "/_control/accounts", body).status == 400


def test_an_account_comes_with_tokens_a_profile_and_calendars(cronofy):
    made = cronofy.account(
        account_id="acc_9",
        refresh_token="chosen",
        calendars=[{"name": "Work", "calendar_id": "cal_w"}, {"name": "Home"}],
    )

    assert made["account_id"] == "acc_9"
    assert made["refresh_token"] == "chosen"
    assert [each["calendar_name"] for each in made["calendars"]] == ["Work", "Home"]
    assert made["calendars"][0]["calendar_id"] == "cal_w"
    assert len(made["profiles"]) == 1
    assert cronofy.order("POST", "accounts", account_id="acc_9").status == 409


def test_thousands_of_accounts_can_be_made_at_once(cronofy):
    made = cronofy.control("POST", "accounts", count=1000)["accounts"]

    assert len({each["refresh_token"] for each in made}) == 1000
    assert len(cronofy.control("GET", "accounts")["accounts"]) == 1000


def test_one_account_shows_its_channels_and_how_many_events_it_has(cronofy, user):
    channel_id = user.open_channel()
    user.remove(user.make(count=3))

    shown = cronofy.control("GET", "accounts/acc_1")

    assert shown["events"] == 2
    assert shown["channels"][0]["channel_id"] == channel_id
    assert shown["channels"][0]["closed"] is None
    assert shown["tokens"]["access_token"] == user.access_token
    user.delete(f"/v1/channels/{channel_id}")
    assert cronofy.control("GET", "accounts/acc_1")["channels"][0]["closed"]


def test_a_removed_account_is_gone(cronofy, user):
    cronofy.control("DELETE", "accounts/acc_1")

    assert user.get("/v1/userinfo").status == 401
    assert cronofy.order("GET", "accounts/acc_1").status == 404
    again = cronofy.account(account_id="acc_1")
    assert cronofy.get(again, "/v1/userinfo").status == 200


def test_the_truth_is_what_a_full_read_returns(cronofy, user):
    cronofy.set(page_size=3)
    user.make(count=7)
    user.make(managed=True)
    user.make(start="2030-01-01", end="2030-01-02")
    user.remove(user.make(summary="Gone"))

    truth = user.control("GET", "events")["events"]

    assert len(truth) == 8
    assert truth == user.read(include_managed=True)


def test_the_truth_takes_the_parameters_of_a_read(user):
    user.remove(user.make())

    assert user.control("GET", "events")["events"] == []
    assert len(user.control("GET", "events?include_deleted=true")["events"]) == 1


def test_several_events_come_one_after_the_other(user):
    made = user.control(
        "POST", "events", count=3, summary="Slot", start="2026-02-01T09:00:00Z", every_seconds=60
    )["events"]

    assert [each["start"][11:16] for each in made] == ["09:00", "09:01", "09:02"]
    assert [each["end"][11:16] for each in made] == ["10:00", "10:01", "10:02"]
    assert [each["summary"] for each in made] == ["Slot 1", "Slot 2", "Slot 3"]


def test_a_day_is_made_and_moved_by_whole_days(user):
    event = user.make(start="2026-02-01")
    assert event["end"] == "2026-02-02"

    moved = user.change(event, move_seconds=2 * 86400)
    assert (moved["start"], moved["end"]) == ("2026-02-03", "2026-02-04")


def test_a_field_changed_to_null_is_taken_away(user):
    event = user.change(user.make(), location=None)

    assert "location" not in event
    assert "location" not in user.read()[0]


@pytest.mark.parametrize(("setting", "is_same"), [("same", True), ("new", False)])
def test_whether_an_event_keeps_its_uid_in_another_calendar_is_a_setting(
    cronofy, user, setting, is_same
):
    cronofy.set(moved_event_uid=setting)
    event = user.make(calendar_id=user.calendars[0])

    moved = user.change(event, calendar_id=user.calendars[1], summary="Moved")

    assert moved["calendar_id"] == user.calendars[1]
    assert moved["summary"] == "Moved"
    assert (moved["event_uid"] == event["event_uid"]) is is_same
    shown = user.read(include_deleted=True)
    assert sorted((each["calendar_id"], each["deleted"]) for each in shown) == sorted(
        [(user.calendars[0], True), (user.calendars[1], False)]
    )


def test_an_event_may_leave_no_trace_in_the_calendar_it_left(cronofy, user):
    cronofy.set(moved_event_leaves_deletion=False)
    event = user.make(calendar_id=user.calendars[0])
    user.change(event, calendar_id=user.calendars[1])

    (shown,) = user.read(include_deleted=True, include_moved=True)
    assert shown["calendar_id"] == user.calendars[1]


def test_an_event_can_go_to_another_calendar_and_back(user):
    event = user.make(calendar_id=user.calendars[0])
    user.change(event, calendar_id=user.calendars[1])
    user.change(event, calendar_id=user.calendars[0])

    (shown,) = user.read()
    assert shown["calendar_id"] == user.calendars[0]


@pytest.mark.parametrize(
    ("setting", "shown"), [("deleted", [True]), ("vanish", []), ("stay", [False])]
)
def test_what_becomes_of_a_deleted_calendars_events_is_a_setting(cronofy, user, setting, shown):
    cronofy.set(deleted_calendar_events=setting)
    user.make(calendar_id=user.calendars[0])
    user.control("DELETE", f"calendars/{user.calendars[0]}")

    assert [each["deleted"] for each in user.read(include_deleted=True)] == shown


def test_a_bulk_edit_changes_many_events_and_tells_of_each(cronofy, user):
    user.open_channel()
    user.make(count=10, quiet=True)

    changed = user.control("PATCH", "events", count=4, changes={"location": {"description": "X"}})

    assert len(changed["changed"]) == 4
    moved = [each for each in user.read() if each["location"] == {"description": "X"}]
    assert len(moved) == 4
    assert len(cronofy.deliver()) == 4


def test_a_bulk_edit_can_be_told_once_or_not_at_all(cronofy, user):
    user.open_channel()
    user.make(count=10, quiet=True)

    user.control("PATCH", "events", changes={"summary": "X"}, notifications="one")
    assert len(cronofy.deliver()) == 1
    user.control("PATCH", "events", changes={"summary": "Y"}, quiet=True)
    assert cronofy.deliver() == []
    assert {each["summary"] for each in user.read()} == {"Y"}


def test_a_bulk_edit_takes_events_like_the_one_described(user):
    user.make(series="ser_1", count=3)
    kept = user.make()

    user.control("PATCH", "events", where={"series_identifier": "ser_1"}, delete=True)

    assert user.uids() == [kept["event_uid"]]


def test_a_quiet_change_is_made_and_not_told(cronofy, user):
    user.open_channel()
    event = user.make(quiet=True)
    user.change(event, summary="Renamed", quiet=True)

    assert cronofy.deliver() == []
    assert user.read()[0]["summary"] == "Renamed"


def test_the_clock_can_be_turned(cronofy):
    before = cronofy.clock()
    shown = cronofy.control("POST", "clock", advance_seconds=90)

    assert (cronofy.clock() - before).total_seconds() == 90
    assert shown == {"now": cronofy.clock().isoformat()}


def test_a_reset_brings_the_beginning_back_and_keeps_the_time(make_cronofy):
    cronofy = make_cronofy(page_size=7)
    cronofy.account()
    cronofy.set(page_size=2)
    cronofy.control("POST", "faults", outage=True)
    cronofy.advance(60)
    now = cronofy.clock()

    cronofy.control("POST", "reset")

    assert cronofy.control("GET", "accounts") == {"accounts": []}
    assert cronofy.control("GET", "settings")["page_size"] == 7
    assert cronofy.control("GET", "faults") == {"faults": []}
    assert cronofy.clock() == now
