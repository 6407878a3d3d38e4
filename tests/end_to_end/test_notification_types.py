"""Each type of notification, from the signed POST that Cronofy sends to its effect."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from calendar_mirror import account_items
from calendar_mirror.accounts import Account
from calendar_mirror.erasures_table import ErasuresTable
from demonstration import calendar, sight
from demonstration.measuring import Watch
from demonstration.sight import Sight
from local_stack import aws
from local_stack.stack import Stack

PATIENCE_S = 30.0
#: A message would wait for this long before anybody works on it: the queue's delay.
SEEN_WAITING_S = 1.0


def eventually(holds: Callable[[], object], what: str) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, f"after {PATIENCE_S:g} s still not: {what}"
        time.sleep(0.1)


@dataclass
class Feed:
    """What the change feed tells a subscriber: a rule of EventBridge's with a queue behind it."""

    sqs: Any
    queue_url: str
    kept: list[Mapping[str, Any]] = field(default_factory=list)

    def entries(self) -> list[Mapping[str, Any]]:
        """Return all that came so far, in order."""
        asked = {"QueueUrl": self.queue_url, "MaxNumberOfMessages": 10}
        while messages := self.sqs.receive_message(**asked).get("Messages"):
            for message in messages:
                self.kept.append(json.loads(message["Body"]))
                self.sqs.delete_message(
                    QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"]
                )
        return self.kept

    def of(self, account_id: str) -> list[tuple[str, Mapping[str, Any]]]:
        """Return type and detail of what came about one account."""
        about = [e for e in self.entries() if e["detail"].get("account_id") == account_id]
        return [(entry["detail-type"], entry["detail"]) for entry in about]


@contextmanager
def subscribed(stack: Stack, *about: str) -> Iterator[Feed]:
    """Listen to the change feed until the block ends; *about*: what detail types begin with."""
    events, sqs = (aws.client(name, stack.aws_endpoint_url) for name in ("events", "sqs"))
    name = f"subscriber-{uuid4().hex[:8]}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    target = {"Id": "queue", "Arn": attributes["Attributes"]["QueueArn"]}
    on_bus = {"EventBusName": stack.outputs["ChangeBusName"]}
    try:
        kinds = [{"prefix": each} for each in about or ["Account "]]
        pattern = json.dumps({"source": ["calendar-mirror"], "detail-type": kinds})
        events.put_rule(Name=name, EventPattern=pattern, **on_bus)
        events.put_targets(Rule=name, Targets=[target], **on_bus)
        yield Feed(sqs, url)
    finally:
        events.remove_targets(Rule=name, Ids=["queue"], **on_bus)
        events.delete_rule(Name=name, **on_bus)
        sqs.delete_queue(QueueUrl=url)


@dataclass(frozen=True)
class Person:
    """
    Somebody with a calendar, seen from both sides.

    Attributes:
        made: what the simulator said when the account was made.
    """

    looking: Sight
    made: Mapping[str, Any]

    @property
    def account_id(self) -> str:
        return str(self.made["account_id"])

    @property
    def watch(self) -> Watch:
        return self.looking.watch(self.account_id)

    @property
    def profile_id(self) -> str:
        return str(self.made["profiles"][0]["profile_id"])

    def control(self, method: str, path: str = "", **fields: object) -> Any:
        """Call the simulator's control API, below this account."""
        below = f"accounts/{self.account_id}{path}"
        return self.looking.calendar.call(method, below, fields if method != "GET" else None)

    def item(self) -> Mapping[str, Any] | None:
        """Return the account's item as it lies in the table."""
        name = self.looking.stack.outputs["AccountsTableName"]
        key = {"account_id": self.account_id}
        asked = self.looking.dynamodb.get_item(TableName=name, Key=key, ConsistentRead=True)
        found: Mapping[str, Any] | None = asked.get("Item")
        return found

    def account(self) -> Account:
        item = self.item()
        assert item is not None
        return account_items.to_account(item)

    def rows(self) -> list[Mapping[str, Any]]:
        return list(self.looking.mirror.items(self.account_id))

    def is_equal(self) -> bool:
        return not self.watch.differing()

    def uids(self) -> list[str]:
        records = self.looking.calendar.records(self.account_id)
        return [record.key.event_uid for record in records.values()]

    def notified(self, kind: str, **fields: object) -> list[Mapping[str, Any]]:
        """Let the simulator send a notification; return its deliveries once they have ended."""
        sent = self.control("POST", "/notifications", type=kind, **fields)["deliveries"]
        assert sent
        eventually(lambda: len(self.delivered(sent)) == len(sent), f"the {kind} delivered")
        return self.delivered(sent)

    def delivered(self, ids: list[str]) -> list[Mapping[str, Any]]:
        found = self.looking.calendar.call("GET", f"deliveries?account_id={self.account_id}")
        return [
            each
            for each in found["deliveries"]
            if each["delivery_id"] in ids and each["state"] == "delivered"
        ]

    def quiet(self) -> None:
        """Wait until all notifications have arrived and all messages are settled."""
        eventually(self._is_quiet, "quiet")

    def _is_quiet(self) -> bool:
        found = self.looking.calendar.call("GET", f"deliveries?account_id={self.account_id}")
        under_way = {each["state"] for each in found["deliveries"]} & {"waiting", "in flight"}
        return not (found["pending_changes"] or under_way) and self.looking.queue.is_empty()

    def left_no_message(self) -> bool:
        """Tell, right after a notification, whether nothing came of it on the queue."""
        deadline = time.monotonic() + SEEN_WAITING_S
        while time.monotonic() < deadline:
            if not self.looking.queue.is_empty():
                return False
            time.sleep(0.05)
        return True


def looking_at(stack: Stack) -> Sight:
    return sight.at(Path(stack.logs).parent / "stack.json")


def person(looking: Sight, *, events: int = 3, **fields: object) -> Person:
    """Open an account at the simulator, with events in its calendar; it is not mirrored yet."""
    named = {"account_id": f"acc_{uuid4().hex[:10]}", "calendars": 1, **fields}
    someone = Person(looking, looking.calendar.call("POST", "accounts", named))
    if events:
        someone.control("POST", "/events", count=events, summary="Event")
    return someone


def mirrored(looking: Sight, **fields: object) -> Person:
    """Open an account, and put it in place with the command."""
    someone = person(looking, **fields)
    made = someone.made
    looking.put_in_place(
        calendar.Account(made["account_id"], made["access_token"], made["refresh_token"], ())
    )
    eventually(lambda: someone.item() and someone.account().announced, "the first read")
    someone.quiet()
    return someone


@pytest.fixture(scope="module")
def feed(stack: Stack) -> Iterator[Feed]:
    with subscribed(stack) as feed:
        yield feed


@pytest.fixture(scope="module")
def ada(stack: Stack, feed: Feed) -> Person:
    """Somebody whose calendar is mirrored."""
    ada = mirrored(looking_at(stack))
    assert ada.is_equal()
    return ada


def statuses(deliveries: list[Mapping[str, Any]]) -> list[int]:
    return [attempt["status"] for each in deliveries for attempt in each["attempts"]]


def test_connecting_is_announced(ada: Person, feed: Feed) -> None:
    eventually(lambda: feed.of(ada.account_id), "the announcement")

    ((kind, detail),) = feed.of(ada.account_id)
    assert kind == "Account Connected"
    assert detail["change_id"]
    assert detail["user_refs"] == list(ada.account().user_refs)


def test_the_verification_of_the_channel_was_answered_with_200(ada: Person) -> None:
    found = ada.looking.calendar.call("GET", f"deliveries?account_id={ada.account_id}")
    verifications = [each for each in found["deliveries"] if each["type"] == "verification"]

    assert statuses(verifications) == [200]


@pytest.mark.parametrize("kind", ["verification", "something_new"])
def test_a_verification_and_an_unknown_type_get_200_and_nothing_comes_of_them(
    ada: Person, kind: str
) -> None:
    ada.quiet()
    before, calls = ada.item(), ada.looking.calendar.api_calls(ada.account_id)

    assert statuses(ada.notified(kind)) == [200]
    assert ada.left_no_message()
    assert ada.item() == before
    assert ada.looking.calendar.api_calls(ada.account_id) == calls


def test_a_change_brings_the_row(ada: Person) -> None:
    (uid,) = ada.looking.calendar.create(ada.account_id, {"summary": "Lunch with Grace"})

    eventually(lambda: uid in {row["event_uid"] for row in ada.rows()}, "the row")
    (row,) = [row for row in ada.rows() if row["event_uid"] == uid]
    assert row["event"]["summary"] == "Lunch with Grace"
    ada.quiet()
    assert ada.is_equal()


def test_a_disconnected_profile_is_kept_and_announced_and_its_return_reads_everything(
    ada: Person, feed: Feed
) -> None:
    told = len(feed.of(ada.account_id))
    first, second, *_ = ada.uids()
    ada.control("POST", f"/profiles/{ada.profile_id}/disconnect")

    eventually(lambda: len(feed.of(ada.account_id)) > told, "the disconnection announced")
    (kept,) = ada.account().disconnected
    assert kept.relink_url is not None
    assert kept.relink_url.endswith(f"/relink/{ada.profile_id}")
    kind, detail = feed.of(ada.account_id)[-1]
    assert (kind, detail["reason"]) == ("Account Disconnected", "profile_disconnected")
    assert detail["profiles"] == [
        {
            "profile_id": ada.profile_id,
            "provider_name": "google",
            "conferencing": False,
            "relink_url": kept.relink_url,
        }
    ]

    quietly = {"summary": "changed while nobody could see it", "quiet": True}
    ada.looking.calendar.change(ada.account_id, first, quietly)
    full_read_at = ada.account().last_full_read_at
    ada.control("POST", f"/profiles/{ada.profile_id}/reconnect")
    ada.looking.calendar.change(ada.account_id, second, {"summary": "the first change after"})

    eventually(lambda: len(feed.of(ada.account_id)) > told + 1, "the return announced")
    ada.quiet()
    assert feed.of(ada.account_id)[-1][0] == "Account Connected"
    assert ada.account().last_full_read_at > full_read_at
    assert ada.account().disconnected == ()
    assert quietly["summary"] in {row["event"].get("summary") for row in ada.rows()}
    assert ada.is_equal()
    identities = [detail["change_id"] for _, detail in feed.of(ada.account_id)]
    assert len(set(identities)) == len(identities)


def test_a_disconnected_conferencing_profile_is_kept_and_announced_and_its_return_as_well(
    ada: Person, feed: Feed
) -> None:
    told = len(feed.of(ada.account_id))
    made = ada.control("POST", "/profiles", conferencing=True, profile_name="ada@zoom")
    ada.control("POST", f"/profiles/{made['profile_id']}/disconnect")

    eventually(lambda: len(feed.of(ada.account_id)) > told, "the disconnection announced")
    (kept,) = ada.account().disconnected
    assert (kept.profile_id, kept.is_conferencing) == (made["profile_id"], True)
    kind, detail = feed.of(ada.account_id)[-1]
    assert kind == "Account Disconnected"
    (shown,) = detail["profiles"]
    assert (shown["conferencing"], shown["relink_url"]) == (True, kept.relink_url)

    ada.control("POST", f"/profiles/{made['profile_id']}/reconnect")
    ada.looking.calendar.create(ada.account_id, {"summary": "after the return"})

    eventually(lambda: len(feed.of(ada.account_id)) > told + 1, "the return announced")
    assert feed.of(ada.account_id)[-1][0] == "Account Connected"
    ada.quiet()
    assert ada.account().disconnected == ()
    assert ada.is_equal()


def test_a_profile_whose_first_sync_ends_is_read_whole(stack: Stack) -> None:
    new = mirrored(looking_at(stack), events=5, initial_sync_required=True)
    assert new.rows() == []
    new.control("POST", f"/profiles/{new.profile_id}/initial_sync_completed")

    eventually(lambda: len(new.rows()) == 5, "all rows")
    new.quiet()
    assert new.is_equal()


def test_gdpr_requested_erases_the_account_and_nothing_brings_it_back(
    stack: Stack, feed: Feed
) -> None:
    looking = looking_at(stack)
    gone = mirrored(looking)
    account = gone.account()
    assert account.channel is not None
    assert len(gone.rows()) == 3

    assert statuses(gone.notified("gdpr_requested")) == [200]
    eventually(lambda: gone.item() is None, "the account erased")

    assert gone.rows() == []
    at_cronofy = gone.control("GET")
    assert [channel["closed"] for channel in at_cronofy["channels"]] == [
        "closed by the application"
    ]
    assert refusal(stack, account.tokens.refresh) == (400, {"error": "invalid_grant"})
    kind, detail = feed.of(gone.account_id)[-1]
    assert (kind, set(detail)) == ("Account Erased", {"account_id", "change_id", "user_refs"})
    (receipt,) = receipts(looking, gone.account_id)
    assert receipt["asked_for_by"] == "gdpr_requested"
    assert receipt["rows_erased"] == 3

    calls = looking.calendar.api_calls(gone.account_id)
    for late in ("change", "profile_disconnected", "gdpr_requested"):
        answer = gone.notified(late, channel_id=account.channel.channel_id)
        assert statuses(answer) == [200]
    gone.quiet()
    assert (gone.item(), gone.rows()) == (None, [])
    assert looking.calendar.api_calls(gone.account_id) == calls
    assert len(receipts(looking, gone.account_id)) == 1
    assert [kind for kind, _ in feed.of(gone.account_id)].count("Account Erased") == 1


def refusal(stack: Stack, refresh_token: str) -> tuple[int, object]:
    """Return what the token endpoint says to a refresh token."""
    body = {
        "client_id": stack.client_id,
        "client_secret": stack.client_secret,
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
    }
    answer = requests.post(f"{stack.cronofy_api_url}/oauth/token", json=body, timeout=10)
    return answer.status_code, answer.json()


def receipts(looking: Sight, account_id: str) -> list[dict[str, Any]]:
    table = ErasuresTable(looking.dynamodb, looking.stack.outputs["ErasuresTableName"])
    return table.of(account_id)
