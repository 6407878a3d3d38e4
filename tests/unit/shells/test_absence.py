"""What a read of the whole window does not return is deleted only where its absence proves it."""

import json
from dataclasses import replace

import pytest

from calendar_mirror.messages import Kind
from cronofy_simulator.settings import Settings
from tests.models.mirror import Mirror

EVENTS, USER_INFO = "/v1/events", "/v1/userinfo"


def mirror(events=6):
    made = Mirror(settings=Settings(page_size=2))
    made.connect(events=events)
    return made


def answers(mirror, changes):
    """Let the simulator's answers to each path (and its pages) go through its change."""

    def rewritten(request, answer):
        change = next((c for path, c in changes.items() if request.path.startswith(path)), None)
        if change is None or answer.status != 200:
            return answer
        document = json.loads(answer.body)
        change(document)
        return replace(answer, body=json.dumps(document).encode())

    mirror.provider.rewrite = rewritten


def read_everything(mirror):
    mirror.clock.turn(60)
    mirror.ask(kind=Kind.FULL)
    mirror.settle()


def rows(mirror):
    return set(mirror.events.live("acc_1"))


def without_a_link(document):
    document["pages"].pop("next_page", None)


def an_event_fewer(document):
    """Leave out the last entry, and say nothing of it."""
    document["events"] = document["events"][:1]


def with_an_entry(entry):
    def change(document):
        document["events"] = [*document["events"][1:], entry]

    return change


def without_profiles(document):
    document["cronofy.data"]["profiles"] = []
    document["cronofy.data"].pop("conferencing_profiles", None)


def test_fewer_pages_than_were_named_delete_nothing():
    made = mirror()
    before = rows(made)
    answers(made, {EVENTS: without_a_link})

    read_everything(made)

    assert rows(made) == before


def test_pages_that_are_all_there_delete_what_they_do_not_hold():
    made = mirror()
    answers(made, {EVENTS: an_event_fewer})

    read_everything(made)

    assert len(rows(made)) == 3


@pytest.mark.parametrize(
    "entry", [None, "text", {}, {"calendar_id": "cal_1"}, {"event_uid": "evt_1", "calendar_id": 3}]
)
def test_an_entry_that_names_no_event_may_be_any_row(entry):
    made = mirror()
    before = rows(made)
    answers(made, {EVENTS: with_an_entry(entry)})

    read_everything(made)

    assert rows(made) == before


def test_an_entry_that_cannot_be_kept_but_names_its_event_keeps_its_row_alone():
    made = mirror(events=4)
    before = sorted(rows(made))
    named = made.events.items["acc_1", before[0]]["event"]
    nested = []
    for _ in range(900):
        nested = [nested]

    def damaged(document):
        document["events"] = [
            named | {"description": nested} if each["event_uid"] == named["event_uid"] else each
            for each in document["events"]
            if each["event_uid"] in before[0] or each["event_uid"] not in before[1]
        ]

    answers(made, {EVENTS: damaged})

    read_everything(made)

    assert rows(made) == {*before} - {before[1]}


def test_an_account_of_which_no_profile_is_named_loses_nothing():
    made = mirror()
    before = rows(made)
    answers(made, {USER_INFO: without_profiles, EVENTS: an_event_fewer})

    read_everything(made)

    assert rows(made) == before


def test_what_was_kept_is_deleted_by_the_next_whole_answer():
    made = mirror()
    answers(made, {USER_INFO: without_profiles, EVENTS: an_event_fewer})
    read_everything(made)
    answers(made, {EVENTS: an_event_fewer})

    read_everything(made)

    assert len(rows(made)) == 3
