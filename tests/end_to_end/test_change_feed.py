"""What a subscriber hears of the changes of a calendar, through the deployed stack."""

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from calendar_mirror import messages
from calendar_mirror.messages import Kind
from calendar_mirror.sync_queue import SyncQueue
from local_stack import aws
from local_stack.stack import Stack
from tests.end_to_end.test_notification_types import (
    Feed,
    Person,
    eventually,
    looking_at,
    mirrored,
    subscribed,
)

#: Whatever was written is told within this time, on a busy machine too.
SETTLED_S = 3.0


@pytest.fixture(scope="module")
def feed(stack: Stack) -> Iterator[Feed]:
    with subscribed(stack, "Calendar Event ", "Account ") as feed:
        yield feed


@pytest.fixture
def ada(stack: Stack, feed: Feed) -> Person:
    """Somebody with two calendars and no events, whose calendars are mirrored."""
    return mirrored(looking_at(stack), events=0, calendars=2)


Told = tuple[str, Mapping[str, Any]]


def of_events(feed: Feed, someone: Person) -> list[Told]:
    """Return what came about events, without what all of their types begin with."""
    return [
        (kind.removeprefix("Calendar Event "), detail)
        for kind, detail in feed.of(someone.account_id)
        if kind.startswith("Calendar Event ")
    ]


def after(feed: Feed, someone: Person, count: int) -> list[Told]:
    """Wait until so many entries came, and a moment for one too many; return all but the first."""
    eventually(lambda: len(of_events(feed, someone)) >= count, f"{count} entries")
    someone.quiet()
    time.sleep(SETTLED_S)
    told = of_events(feed, someone)
    assert len(told) == count
    return told


def read_everything(someone: Person) -> None:
    looking = someone.looking
    before = someone.account().last_full_read_at
    asked = messages.request(someone.account_id, Kind.FULL, now=datetime.now(UTC), cause="operator")
    queue = SyncQueue(looking.queue.client, looking.stack.outputs["SyncQueueUrl"])
    queue.send(asked, unique=uuid4().hex)
    eventually(lambda: someone.account().last_full_read_at != before, "a full read")


def test_each_change_is_told_once_in_order_with_what_it_was_and_is(ada: Person, feed: Feed) -> None:
    calendar, account_id = ada.looking.calendar, ada.account_id
    home, work = (each["calendar_id"] for each in ada.made["calendars"])
    event = {"calendar_id": home, "event_uid": "evt_external_1", "summary": "Lunch with Ada"}

    calendar.create(account_id, event)
    ((kind, created),) = after(feed, ada, 1)
    (row,) = ada.rows()
    assert kind == "Created"
    assert created["event"]["summary"] == "Lunch with Ada"
    assert (created["calendar_id"], created["event_uid"]) == (home, "evt_external_1")
    assert created["synced_at"] == row["synced_at"]
    assert not {"previous", "changed"} & {*created}

    calendar.change(account_id, "evt_external_1", {"summary": "Lunch with Grace"})
    kind, renamed = after(feed, ada, 2)[-1]
    assert kind == "Updated"
    assert renamed["changed"] == ["summary", "updated"]
    assert renamed["previous"] == created["event"]
    assert renamed["event"]["summary"] == "Lunch with Grace"

    calendar.change(account_id, "evt_external_1", {"move_seconds": 3600})
    kind, moved = after(feed, ada, 3)[-1]
    assert kind == "Updated"
    assert moved["changed"] == ["end", "start", "updated"]
    assert moved["previous"] == renamed["event"]

    calendar.change(account_id, "evt_external_1", {"calendar_id": work})
    told = after(feed, ada, 5)[-2:]
    both = dict(told)
    assert (both["Deleted"]["calendar_id"], both["Created"]["calendar_id"]) == (home, work)
    assert both["Deleted"]["previous"] == moved["event"]

    calendar.change(account_id, "evt_external_1", {"calendar_id": home})
    back = dict(after(feed, ada, 7)[-2:])
    revived = back["Created"]
    assert (back["Deleted"]["calendar_id"], revived["calendar_id"]) == (work, home)
    assert "previous" not in revived

    calendar.delete(account_id, "evt_external_1")
    told = after(feed, ada, 8)
    kind, deleted = told[-1]
    assert (kind, deleted["calendar_id"]) == ("Deleted", home)
    assert deleted["event"]["deleted"] is True
    assert deleted["previous"] == revived["event"]

    assert len({detail["change_id"] for _, detail in told}) == 8
    numbers = [int(detail["sequence_number"]) for _, detail in told]
    assert numbers == sorted(numbers)


def test_a_second_full_read_and_a_notification_of_nothing_tell_nothing(
    ada: Person, feed: Feed
) -> None:
    ada.control("POST", "/events", count=5, summary="Event")
    after(feed, ada, 5)

    read_everything(ada)
    ada.notified("change")

    assert [kind for kind, _ in after(feed, ada, 5)] == ["Created"] * 5


def test_whoever_follows_the_feed_has_the_live_rows(ada: Person, feed: Feed) -> None:
    calendar = ada.looking.calendar
    ada.control("POST", "/events", count=30, summary="Event")
    calendar.change_many(ada.account_id, 30, {"summary": "Rescheduled"})
    uids = ada.uids()
    for uid in uids[:5]:
        calendar.delete(ada.account_id, uid)
    eventually(lambda: len([r for r in ada.rows() if not r["deleted"]]) == 25, "the rows")
    ada.quiet()
    assert ada.is_equal()
    time.sleep(SETTLED_S)

    followed: dict[str, Any] = {}
    for kind, detail in of_events(feed, ada):
        assert followed.pop(detail["event_uid"], None) == detail.get("previous")
        if kind != "Deleted":
            followed[detail["event_uid"]] = detail["event"]
    assert followed == {row["event_uid"]: row["event"] for row in ada.rows() if not row["deleted"]}


def test_of_an_erased_account_that_alone_is_told(stack: Stack, ada: Person, feed: Feed) -> None:
    ada.control("POST", "/events", count=3, summary="Event")
    after(feed, ada, 3)

    ada.notified("gdpr_requested")
    eventually(lambda: ada.item() is None, "the account erased")

    assert ada.rows() == []
    told = after(feed, ada, 3)
    assert {kind for kind, _ in told} == {"Created"}
    assert feed.of(ada.account_id)[-1][0] == "Account Erased"


def test_no_write_was_given_up_and_no_content_was_logged(stack: Stack, feed: Feed) -> None:
    marker = f"planted-{uuid4().hex}"
    ada = mirrored(looking_at(stack), events=0)
    ada.looking.calendar.create(ada.account_id, {"summary": marker})
    after(feed, ada, 1)

    logs, sqs = (aws.client(name, stack.aws_endpoint_url) for name in ("logs", "sqs"))
    (group,) = (
        each["logGroupName"]
        for each in logs.describe_log_groups()["logGroups"]
        if "PublishLogGroup" in each["logGroupName"]
    )
    text = "\n".join(
        line["message"] for line in logs.filter_log_events(logGroupName=group)["events"]
    )
    assert "lag_ms" in text
    assert marker not in text
    dead = stack.outputs["FeedDeadLetterQueueUrl"]
    assert "Messages" not in sqs.receive_message(QueueUrl=dead)
