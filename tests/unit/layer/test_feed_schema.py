"""The schema refuses what the contract does not allow."""

import json

import pytest

from tests.models import feed_contract

IDS = {"account_id": "acc_1", "calendar_id": "cal_1", "event_uid": "evt_1"}
ABOUT = {
    **IDS,
    "synced_at": "2026-01-31T09:00:00Z",
    "change_id": "record-1",
    "sequence_number": "1",
}
DOCUMENT = {"calendar_id": "cal_1", "event_uid": "evt_1"}
TABLE = {"name": "events", "pk": "acc_1", "sk": "cal_1#evt_1"}
CREATED = {**ABOUT, "event": DOCUMENT}
UPDATED = {**CREATED, "previous": DOCUMENT, "changed": ["summary"]}
DELETED = {**CREATED, "previous": DOCUMENT}
ACCOUNT = {"account_id": "acc_1", "change_id": "1", "user_refs": []}
PROFILE = {
    "profile_id": "pro_1",
    "provider_name": "google",
    "conferencing": False,
    "relink_url": None,
}
DISCONNECTED = {**ACCOUNT, "reason": "invalid_grant", "profiles": [PROFILE]}


def without(whole, *names):
    return {name: value for name, value in whole.items() if name not in names}


def cut(whole, *names):
    return {**without(whole, *names), "truncated": [*names], "table": TABLE}


def breaches(kind, detail):
    return feed_contract.breaches(kind, json.dumps(detail))


@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        ("Calendar Event Created", CREATED),
        ("Calendar Event Created", cut(CREATED, "event")),
        ("Calendar Event Updated", UPDATED),
        ("Calendar Event Updated", cut(UPDATED, "previous")),
        ("Calendar Event Updated", cut(UPDATED, "changed", "event", "previous")),
        ("Calendar Event Deleted", DELETED),
        ("Calendar Event Deleted", cut(DELETED, "previous")),
        ("Account Connected", ACCOUNT),
        ("Account Disconnected", DISCONNECTED),
        ("Account Erased", ACCOUNT),
    ],
)
def test_an_entry_of_each_kind_whole_or_cut_is_allowed(kind, detail):
    assert breaches(kind, detail) == []


@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        ("Calendar Event Moved", CREATED),
        *(("Calendar Event Created", without(CREATED, name)) for name in CREATED),
        *(("Calendar Event Updated", without(UPDATED, name)) for name in UPDATED),
        *(("Calendar Event Deleted", without(DELETED, name)) for name in DELETED),
        *(("Account Disconnected", without(DISCONNECTED, name)) for name in DISCONNECTED),
        *(("Account Erased", without(ACCOUNT, name)) for name in ACCOUNT),
        ("Calendar Event Created", {**CREATED, "previous": DOCUMENT}),
        ("Calendar Event Created", {**CREATED, "color": "red"}),
        ("Calendar Event Created", {**CREATED, "event": {"event_uid": "evt_1"}}),
        ("Calendar Event Created", {**CREATED, "sequence_number": 1}),
        ("Calendar Event Created", {**CREATED, "synced_at": "2026-01-31"}),
        ("Calendar Event Created", {**CREATED, "table": TABLE}),
        ("Calendar Event Created", {**CREATED, "table": TABLE, "truncated": ["event"]}),
        ("Calendar Event Created", without(cut(CREATED, "event"), "table")),
        ("Calendar Event Created", cut(CREATED, "event", "previous")),
        ("Calendar Event Updated", {**UPDATED, "changed": []}),
        ("Calendar Event Deleted", {**DELETED, "changed": ["summary"]}),
        ("Account Connected", DISCONNECTED),
        ("Account Disconnected", {**DISCONNECTED, "reason": "a bad day"}),
        ("Account Disconnected", {**DISCONNECTED, "profiles": [without(PROFILE, "relink_url")]}),
    ],
)
def test_what_the_contract_does_not_allow_is_refused(kind, detail):
    assert breaches(kind, detail)
