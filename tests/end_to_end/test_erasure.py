"""Content is planted, the account is erased, and every table, queue and log line is searched."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import requests

from calendar_mirror import messages
from calendar_mirror.accounts import Account, Tokens
from calendar_mirror.accounts_table import AccountsTable
from calendar_mirror.messages import Kind
from calendar_mirror.sync_queue import SyncQueue
from demonstration.sight import Sight
from local_stack import aws
from local_stack.stack import Stack
from tests.end_to_end.test_notification_types import (
    Feed,
    Person,
    eventually,
    looking_at,
    person,
    receipts,
    refusal,
    subscribed,
)

CONTENT = ("summary", "description", "location", "attendee")
#: How long an answer of Cronofy's that is on its way takes.
SLOW_S = 4.0


@dataclass(frozen=True)
class Planted:
    """
    An account that is full of things to be found again.

    Attributes:
        markers: what was planted, by where; each is unique.
        tokens: every token that the account has had.
    """

    person: Person
    markers: dict[str, str]
    tokens: tuple[str, ...] = ()

    @property
    def account_id(self) -> str:
        return self.person.account_id

    @property
    def told_to_nobody(self) -> list[str]:
        """Return what belongs into the tables alone."""
        return [*self.markers.values(), *self.tokens]


def planted(looking: Sight) -> Planted:
    """Mirror an account with marked events, one of them deleted, and with a dead letter."""
    markers = {where: f"planted-{where}-{uuid4().hex}" for where in (*CONTENT, "email", "user_ref")}
    someone = person(looking, events=0, email=f"{markers['email']}@example.com")
    fields = {name: markers[name] for name in CONTENT if name != "attendee"}
    attendees = [{"email": f"{markers['attendee']}@example.com", "status": "accepted"}]
    for _ in range(3):
        someone.control("POST", "/events", **fields, attendees=attendees)
    put_in_place(someone, user_ref=markers["user_ref"])
    eventually(lambda: len(someone.rows()) == 3, "the first read")

    first = someone.account().tokens
    someone.control("POST", "/tokens/expire")
    someone.control("DELETE", f"/events/{someone.uids()[0]}")
    send_what_nobody_can_read(someone)
    eventually(lambda: [row for row in someone.rows() if row["deleted"]], "the deletion")
    eventually(lambda: has_a_dead_letter(someone), "the dead letter")
    someone.quiet()
    now = someone.account().tokens
    tokens = {token for pair in (first, now) for token in (pair.access, pair.refresh) if token}
    assert len(tokens) == 4
    return Planted(someone, markers, tuple(tokens))


def put_in_place(someone: Person, *, user_ref: str) -> None:
    """Do what the connect flow does at its end."""
    looking, made = someone.looking, someone.made
    table = AccountsTable(looking.dynamodb, looking.stack.outputs["AccountsTableName"])
    tokens = Tokens(made["refresh_token"], made["access_token"], scope=made["scope"])
    account = Account(someone.account_id, "us", tokens, user_refs=(user_ref,))
    assert table.connect(account, connected_at=datetime.now(UTC))
    send(someone, Kind.FULL, cause="connect")


def send(someone: Person, kind: Kind, *, cause: str = "operator") -> None:
    asked = messages.request(someone.account_id, kind, now=datetime.now(UTC), cause=cause)
    queue(someone.looking).send(asked, unique=uuid4().hex)


def queue(looking: Sight) -> SyncQueue:
    outputs = looking.stack.outputs
    return SyncQueue(looking.queue.client, outputs["SyncQueueUrl"], outputs["DeadLetterQueueUrl"])


def send_what_nobody_can_read(someone: Person) -> None:
    someone.looking.queue.client.send_message(
        QueueUrl=someone.looking.stack.outputs["SyncQueueUrl"],
        MessageBody="not a message",
        MessageGroupId=someone.account_id,
        MessageDeduplicationId=uuid4().hex,
    )


def has_a_dead_letter(someone: Person) -> bool:
    stack = someone.looking.stack
    return someone.account_id in every_queue(stack)[stack.outputs["DeadLetterQueueUrl"]]


# --- The search ------------------------------------------------------------------------------


def searched(stack: Stack, wanted: list[str]) -> dict[str, set[str]]:
    """Return which of *wanted* are found, in which kind of place."""
    return {
        place: {each for each in wanted if each in text} for place, text in places(stack).items()
    }


def places(stack: Stack) -> dict[str, str]:
    """Return all that the stack holds, as text: every table, every queue and every log line."""
    queues = every_queue(stack)
    dead = queues.pop(stack.outputs["DeadLetterQueueUrl"])
    return {
        **{f"table {name}": text for name, text in every_table(stack).items()},
        "dead letters": dead,
        "dead letters as received": received(stack, stack.outputs["DeadLetterQueueUrl"]),
        "queues": "\n".join(queues.values()),
        "logs": "\n".join(every_log_line(stack)),
    }


def every_table(stack: Stack) -> dict[str, str]:
    client = aws.client("dynamodb", stack.aws_endpoint_url)
    names = [
        name
        for page in client.get_paginator("list_tables").paginate()
        for name in page["TableNames"]
    ]
    assert len(names) == 5
    return {name: json.dumps(list(scanned(client, name)), default=str) for name in names}


def scanned(client: Any, name: str) -> Iterator[Any]:
    pages = client.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
    return (item for page in pages for item in page["Items"])


def every_queue(stack: Stack) -> dict[str, str]:
    """Return all messages, delayed and hidden ones too; subscribers of the tests' own left out."""
    answer = requests.get(f"{stack.aws_endpoint_url}/_ministack/sqs/messages", timeout=10)
    return {
        url: json.dumps(messages)
        for regions in answer.json()["messages"].values()
        for queues in regions.values()
        for url, messages in queues.items()
        if "/subscriber-" not in url
    }


def received(stack: Stack, url: str) -> str:
    """Return what SQS itself hands out, and put it back."""
    sqs = aws.client("sqs", stack.aws_endpoint_url)
    everything = {"MessageAttributeNames": ["All"], "AttributeNames": ["All"]}
    seen: list[Any] = []
    asked = {"QueueUrl": url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 5}
    while found := sqs.receive_message(**asked, **everything).get("Messages"):
        seen += found
    for letter in seen:
        sqs.change_message_visibility(
            QueueUrl=url, ReceiptHandle=letter["ReceiptHandle"], VisibilityTimeout=0
        )
    return json.dumps(seen, default=str)


def every_log_line(stack: Stack) -> list[str]:
    logs = aws.client("logs", stack.aws_endpoint_url)
    groups = [
        group["logGroupName"]
        for page in logs.get_paginator("describe_log_groups").paginate()
        for group in page["logGroups"]
    ]
    return [
        event["message"]
        for group in groups
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        for event in page["events"]
    ]


def assert_it_was_there(stack: Stack, full: Planted) -> None:
    """The search finds what was planted, where it belongs; logs and queues never held it."""
    found = searched(stack, [*full.told_to_nobody, full.account_id])
    events = found[f"table {stack.outputs['EventsTableName']}"]
    accounts = found[f"table {stack.outputs['AccountsTableName']}"]
    assert events == {full.account_id, *(full.markers[name] for name in CONTENT)}
    assert accounts >= {full.markers["email"], full.markers["user_ref"], full.account_id}
    assert accounts & set(full.tokens)
    assert found["dead letters"] == found["dead letters as received"] == {full.account_id}
    assert found["logs"] == {full.account_id}
    assert found["queues"] <= {full.account_id}


def assert_nothing_is_left(stack: Stack, full: Planted) -> None:
    found = searched(stack, [*full.told_to_nobody, full.account_id])
    # That an account was there may be read from the logs for as long as they are kept.
    assert {place for place, what in found.items() if what} <= {"logs"}
    assert found["logs"] == {full.account_id}
    assert full.person.rows() == []


def assert_the_feed_never_told(feed: Feed, full: Planted) -> None:
    """Subscribers learn whose account it was by the reference that they gave it themselves."""
    told = json.dumps(feed.of(full.account_id))
    kept_silent = set(full.told_to_nobody) - {full.markers["user_ref"]}
    assert {each for each in kept_silent if each in told} == set()
    kinds = [kind for kind, _ in feed.of(full.account_id)]
    assert kinds == ["Account Connected", "Account Erased"]
    assert {tuple(detail["user_refs"]) for _, detail in feed.of(full.account_id)} == {
        (full.markers["user_ref"],)
    }


# --- The tests -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def feed(stack: Stack) -> Iterator[Feed]:
    with subscribed(stack) as feed:
        yield feed


@pytest.fixture(scope="module")
def other(stack: Stack, feed: Feed) -> Iterator[Planted]:
    """Somebody else, with content and a dead letter of the same kind."""
    other = planted(looking_at(stack))
    yield other
    other.person.looking.queue.client.purge_queue(QueueUrl=stack.outputs["DeadLetterQueueUrl"])


def assert_the_other_is_untouched(stack: Stack, other: Planted, item: object) -> None:
    assert other.person.item() == item
    assert other.person.is_equal()
    assert [row["deleted"] for row in other.person.rows()].count(True) == 1
    assert_it_was_there(stack, other)


def test_gdpr_requested_leaves_nothing_in_any_table_queue_or_log_line(
    stack: Stack, feed: Feed, other: Planted
) -> None:
    full, others_item = planted(looking_at(stack)), other.person.item()
    assert_it_was_there(stack, full)
    for kind in (Kind.DELTA, Kind.CHECK):
        send(full.person, kind)
    full.person.notified("gdpr_requested")
    send(full.person, Kind.FULL)
    assert full.account_id in searched(stack, [full.account_id])["queues"]

    eventually(lambda: full.person.item() is None, "the account erased")
    full.person.quiet()

    assert_nothing_is_left(stack, full)
    assert_the_feed_never_told(feed, full)
    assert refused(stack, full)
    assert full.person.control("GET")["events"] == 0  # Cronofy was asked to forget as well
    assert_the_other_is_untouched(stack, other, others_item)


def refused(stack: Stack, full: Planted) -> bool:
    """Tell whether Cronofy takes none of the account's tokens any more."""
    return all(refusal(stack, token)[0] == 400 for token in full.tokens)


def test_what_calmirror_erase_asks_for_leaves_nothing_either(
    stack: Stack, feed: Feed, other: Planted
) -> None:
    full, others_item = planted(looking_at(stack)), other.person.item()
    assert_it_was_there(stack, full)
    send(full.person, Kind.ERASE)

    eventually(lambda: full.person.item() is None, "the account erased")
    full.person.quiet()

    assert_nothing_is_left(stack, full)
    assert_the_feed_never_told(feed, full)
    assert refused(stack, full)
    assert full.person.control("GET")["events"] == 2  # the user's calendar is the user's
    (receipt,) = receipts(full.person.looking, full.account_id)
    assert receipt["asked_for_by"] == "operator"
    assert (receipt["rows_erased"], receipt["dead_letters_removed"]) == (3, 1)
    assert_the_other_is_untouched(stack, other, others_item)


def test_neither_a_read_that_is_under_way_nor_a_late_message_brings_anything_back(
    stack: Stack, feed: Feed
) -> None:
    full = planted(looking_at(stack))
    someone, control = full.person, full.person.looking.calendar.call
    slow = {"kind": "slow", "seconds": SLOW_S, "path": "/v1/events", "count": 1}
    fault = control("POST", "faults", {**slow, "account_id": full.account_id})
    someone.control("POST", "/events", summary=full.markers["summary"])
    eventually(lambda: struck(someone, fault["fault_id"]), "a read under way")
    someone.notified("gdpr_requested")
    assert someone.looking.queue.depth()[1] == 1

    eventually(lambda: someone.item() is None, "the account erased")
    for kind in Kind:
        send(someone, kind)
    time.sleep(SLOW_S / 2)
    someone.quiet()

    assert_nothing_is_left(stack, full)
    assert_the_feed_never_told(feed, full)
    (receipt,) = receipts(someone.looking, full.account_id)
    assert receipt["rows_erased"] == 4


def struck(someone: Person, fault_id: str) -> bool:
    faults = someone.looking.calendar.call("GET", "faults")["faults"]
    return not any(each["fault_id"] == fault_id and not each["struck"] for each in faults)
