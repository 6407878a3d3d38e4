"""Documents as odd as real ones. Facts: reference 3.3."""

import json

import pytest

from cronofy_simulator import variety

ODD = {
    "year_zero_audit": lambda event: event["created"].startswith("0000-"),
    "no_location": lambda event: "location" not in event,
    "no_options": lambda event: "options" not in event,
    "no_summary": lambda event: "summary" not in event,
    "bare": lambda event: (
        set(event) == {"calendar_id", "event_uid", "summary", "start", "end", "deleted"}
    ),
    "floats": lambda event: isinstance(event.get("importance"), float),
    "unknown_fields": lambda event: event["status"] == "penciled_in",
    "strange_text": lambda event: "\u2028" in event["summary"],
    "localized": lambda event: (
        isinstance(event["start"], dict) and set(event["start"]) == {"time", "tzid"}
    ),
    "at_sign_ids": lambda event: "@" in event["event_uid"],
}


def test_every_peculiarity_is_tried_here():
    assert set(ODD) == set(variety.NAMES)


@pytest.mark.parametrize("name", ODD)
def test_an_event_can_be_peculiar(user, name):
    user.make(variety=[name])
    plain = user.make()

    shown = {event["event_uid"]: event for event in user.read()}

    assert not ODD[name](shown.pop(plain["event_uid"]))
    (event,) = shown.values()
    assert ODD[name](event)


@pytest.mark.parametrize("name", ODD)
def test_a_peculiar_event_can_be_changed_moved_and_deleted(user, name):
    event = user.make(variety=[name])
    uid = event["event_uid"].replace("@", "%40")
    changed = user.change({"event_uid": uid}, summary="Renamed", move_seconds=3600)

    assert changed["start"] != event["start"]
    assert user.read()[0]["summary"] == "Renamed"
    user.remove({"event_uid": uid})
    assert user.read() == []
    assert len(user.read(include_deleted=True)) == 1


def test_a_year_zero_stays_when_the_event_changes(user):
    event = user.make(variety=["year_zero_audit"])

    assert user.change(event, summary="Renamed")["updated"].startswith("0000-")


def test_peculiarities_can_be_combined(user):
    user.make(variety=list(ODD))

    (event,) = user.read()
    assert json.loads(json.dumps(event)) == event


def test_every_event_can_be_peculiar_by_setting(cronofy, user):
    cronofy.set(variety=["floats"])
    user.make(count=20)
    assert all("importance" in event for event in user.read())

    cronofy.set(variety_probability=0.5)
    user.make(count=80, series=True)
    odd = sum("importance" in event for event in user.read() if event["recurring"])
    assert 20 < odd < 60
