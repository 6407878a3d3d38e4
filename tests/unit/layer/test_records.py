import json
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from calendar_mirror import documents, records
from calendar_mirror.errors import MalformedEventError

NOW = datetime(2026, 1, 31, 9, 0, 0, 123, tzinfo=UTC)
IDS = {"calendar_id": "cal_1", "event_uid": "evt_1"}


def item(**fields):
    return records.to_item(records.from_cronofy("acc_1", IDS | fields), synced_at=NOW)


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("2026-01-31T09:00:00Z", "2026-01-31T09:00:00Z"),
        ("2026-01-31T09:00:00+02:00", "2026-01-31T07:00:00Z"),
        ("2026-01-31", "2026-01-31T00:00:00Z"),
        ({"time": "2026-01-31T09:00:00+01:00", "tzid": "Europe/Paris"}, "2026-01-31T08:00:00Z"),
        ({"time": "2026-07-31T09:00:00", "tzid": "Europe/Paris"}, "2026-07-31T07:00:00Z"),
        ({"time": "2026-01-31T09:00:00", "tzid": "Not/AZone"}, "2026-01-31T09:00:00Z"),
        ({"time": "2026-01-31T09:00:00", "tzid": "../../etc/passwd"}, "2026-01-31T09:00:00Z"),
        ({"time": "2026-01-31", "tzid": "Europe/Paris"}, "2026-01-31T00:00:00Z"),
        ({"time": "2026-01-31T09:00:00"}, "2026-01-31T09:00:00Z"),
        ("2026-01-31T09:00:00.999Z", "2026-01-31T09:00:00Z"),
        ("0000-12-29T00:00:00Z", None),
        ("0000-12-29", None),
        ("0001-01-01T00:00:00+10:00", None),
        ("soon", None),
        ("", None),
        (None, None),
        (5, None),
        ({}, None),
        ({"time": None}, None),
        ([], None),
    ],
)
def test_every_form_of_a_time_becomes_utc_or_nothing(value, instant):
    assert records.instant_of(value) == instant


def test_times_are_read_where_no_time_zones_are_installed_as_on_lambda():
    program = """
import sys
sys.modules["tzdata"] = None
from calendar_mirror.records import instant_of
print(instant_of({"time": "2026-01-31T09:00:00", "tzid": "Europe/Paris"}))
print(instant_of({"time": "2026-01-31T09:00:00+01:00", "tzid": "Europe/Paris"}))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONTZPATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == ["2026-01-31T09:00:00Z", "2026-01-31T08:00:00Z"]


def test_an_item_has_the_documented_attributes():
    found = item(start="2026-01-31", end="2026-02-02", summary="Retreat")

    assert found.pop("content_hash")
    assert found == {
        "pk": "acc_1",
        "sk": "cal_1#evt_1",
        "account_id": "acc_1",
        "calendar_id": "cal_1",
        "event_uid": "evt_1",
        "start_at": "2026-01-31T00:00:00Z",
        "end_at": "2026-02-02T00:00:00Z",
        "all_day": True,
        "deleted": False,
        "event": IDS | {"start": "2026-01-31", "end": "2026-02-02", "summary": "Retreat"},
        "synced_at": "2026-01-31T09:00:00Z",
        "layout": 2,
        "long_until": "2026-02-02T00:00:00Z",
    }


@pytest.mark.parametrize(
    ("times", "until"),
    [
        ({"start": "2026-01-31", "end": "2026-02-01"}, None),
        ({"start": "2026-01-31", "end": "2026-02-02"}, "2026-02-02T00:00:00Z"),
        ({"start": "2026-01-31T09:00:00Z", "end": "2026-02-01T09:00:00Z"}, None),
        (
            {"start": "2026-01-31T09:00:00Z", "end": "2026-02-01T09:00:01Z"},
            "2026-02-01T09:00:01Z",
        ),
        ({"start": "2026-01-31"}, None),
        ({"end": "2026-02-02"}, None),
        ({"start": "2026-01-31", "end": "2026-02-02", "deleted": True}, None),
    ],
)
def test_an_event_of_more_than_a_day_is_in_the_index_of_long_ones(times, until):
    assert item(**times).get("long_until") == until


def test_a_tombstone_leaves_the_index_and_goes_after_thirty_days():
    found = item(deleted=True, start="2026-01-31")

    assert "start_at" not in found
    assert "end_at" not in found
    assert found["deleted"] is True
    assert found["expires_at"] == int((NOW + timedelta(days=30)).timestamp())


def test_an_event_with_nothing_but_its_ids_is_kept():
    assert item()["event"] == IDS


@pytest.mark.parametrize("value", [None, False, "true", 1, 0])
def test_only_true_is_deleted(value):
    assert item(deleted=value)["deleted"] is False


def test_a_cancelled_event_is_no_deleted_event():
    assert item(status="cancelled")["deleted"] is False


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "event",
        {},
        {"calendar_id": "cal_1"},
        {"event_uid": "evt_1"},
        {"calendar_id": "", "event_uid": "evt_1"},
        {"calendar_id": 5, "event_uid": "evt_1"},
        {"calendar_id": "c" * 600, "event_uid": "e" * 600},
        {"calendar_id": "c", "event_uid": "e" * 900_000},
    ],
)
def test_an_event_without_a_key_is_malformed(document):
    with pytest.raises(MalformedEventError):
        records.from_cronofy("acc_1", document)


def nested(depth):
    return b'{"calendar_id": "c", "event_uid": "e", "x": ' + b"[" * depth + b"]" * depth + b"}"


def readable(depth):
    try:
        documents.parse(nested(depth))
    except ValueError:
        return False
    return True


def test_whatever_can_be_read_is_kept_or_malformed():
    shallow, deep = 1, 1_000_000
    while deep - shallow > 1:
        middle = (shallow + deep) // 2
        shallow, deep = (middle, deep) if readable(middle) else (shallow, middle)

    for depth in range(shallow - 20, shallow + 1):
        with suppress(MalformedEventError):
            kept = records.from_cronofy("acc_1", documents.parse(nested(depth)))
            assert kept.truncated == ("x",)


def test_what_cronofy_really_sends_is_kept_verbatim():
    sent = {
        **IDS,
        "calendar_id": "cal_U9uuErStTG@EAAAB_IsAsykA2DBTWqQTf-f0kJw",
        "created": "0000-12-29T00:00:00Z",
        "updated": "0000-12-29T00:00:00Z",
        "start": {"time": "2026-01-31T09:00:00Z", "tzid": "Etc/UTC"},
        "status": "a status to come",
        "location": {"lat": "51.5", "long": "-0.1"},
        "price": 12.5,
        "unknown": {"nested": [1, None, True, "x"]},
    }

    record = records.from_cronofy("acc_1", documents.parse(json.dumps(sent).encode()))

    assert json.loads(json.dumps(record.document, default=float)) == sent
    assert record.truncated == ()


def test_a_cut_event_keeps_the_hash_of_the_whole():
    long, longer = "x" * 900_000, "x" * 900_001

    one, other = item(description=long), item(description=longer)

    assert one["truncated"] == ["description"]
    assert one["event"] == other["event"]
    assert one["content_hash"] != other["content_hash"]


def test_no_two_events_share_a_sort_key():
    texts = ["".join(t) for n in (1, 2, 3) for t in product("a#1", repeat=n)]
    ids = list(product(texts, texts))
    keys = {records.Key("acc_1", *each).sort_key for each in ids}

    assert len(keys) == len(set(ids))


@pytest.mark.parametrize(
    ("calendar_id", "event_uid", "sort_key"),
    [
        ("cal_1", "evt_1", "cal_1#evt_1"),
        ("cal_1", "evt#1", "cal_1#evt#1"),
        ("cal#a", "b", "#5#cal#a#b"),
    ],
)
def test_only_a_calendar_id_that_holds_the_separator_is_marked(calendar_id, event_uid, sort_key):
    assert records.Key("acc_1", calendar_id, event_uid).sort_key == sort_key
