"""The door of `sync`, whole: Lambda's batch, moto's AWS, the simulator's Cronofy."""

import json
import random
import threading
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import uuid4

import pytest
import requests

from calendar_mirror import messages
from calendar_mirror.accounts import Account, Tokens
from calendar_mirror.accounts_table import AccountsTable
from calendar_mirror.messages import Kind, Message
from cronofy_simulator.clock import RealClock
from cronofy_simulator.server import SimulatorServer
from cronofy_simulator.settings import Settings
from cronofy_simulator.simulator import Simulator
from functions.sync import app
from tests.models.fifo_contract import SqsFifo

CONTEXT = SimpleNamespace(
    function_name="sync",
    memory_limit_in_mb=512,
    invoked_function_arn="arn",
    aws_request_id="request-1",
    get_remaining_time_in_millis=lambda: 120_000,
)
SECRET = "secret-of-the-application"
PLANTED = "planted-summary"


@pytest.fixture
def cronofy():
    """Return the address of a simulator, and a call of its control API."""
    settings = Settings(client_secrets=(SECRET,), page_size=10)
    server = SimulatorServer(Simulator(RealClock(), settings, random.Random(1)))
    with server, requests.Session() as session:
        thread = threading.Thread(target=server.run)
        thread.start()

        def control(method, path, /, **fields):
            url = f"{server.url}/_control/{path}"
            answer = session.request(method, url, json=fields, timeout=10)
            assert answer.ok, answer.text
            return answer.json() if answer.content else None

        yield server.url, control
        server.shutdown()
        thread.join()


class Stack:
    """What the door reaches, and what Lambda does around it."""

    def __init__(self, dynamodb, sqs, queues, control):
        self.dynamodb, self.sqs, self.queues, self.control = dynamodb, sqs, queues, control
        self.accounts = AccountsTable(dynamodb, "accounts")

    def connect(self, account_id, events):
        made = self.control("POST", "accounts", account_id=account_id)
        path = f"accounts/{account_id}/events"
        self.control("POST", path, count=events, summary=PLANTED)
        tokens = Tokens(made["refresh_token"], made["access_token"])
        self.accounts.add(Account(account_id, "us", tokens), added_at=datetime.now(UTC))
        return tokens

    def ask(self, account_id):
        now = datetime.now(UTC)
        message = Message(account_id, Kind.DELTA, now.replace(microsecond=0), now, now, "change")
        self.sqs.send_message(
            **messages.to_send(message, queue_url=self.queues[0], unique=f"{now.timestamp()}")
        )

    def invoke(self):
        """Hand over one batch; delete what the door does not name; return what it names."""
        queue = SqsFifo(self.sqs, self.queues[0])
        batch = {each.message_id: each for each in queue.receive()}
        records = [
            {
                "messageId": each.message_id,
                "receiptHandle": each.receipt_handle,
                "body": each.body,
                "attributes": {
                    "MessageGroupId": each.group,
                    "ApproximateReceiveCount": f"{each.receive_count}",
                },
            }
            for each in batch.values()
        ]
        answer = app.handler({"Records": records}, CONTEXT)
        failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
        for message_id in batch.keys() - failed:
            queue.delete(batch[message_id])
        return [batch[message_id].group for message_id in failed]

    def summaries(self, account_id):
        found = self.dynamodb.scan(TableName="events")["Items"]
        return [
            item["event"]["summary"]
            for item in found
            if item["pk"] == account_id and not item["deleted"]
        ]


@pytest.fixture
def stack(moto, dynamodb, sqs, queues, client, cronofy, monkeypatch):
    url, control = cronofy
    secret = json.dumps({"us": {"client_id": "simulator_client", "client_secret": SECRET}})
    secrets = client("secretsmanager")
    environ = {
        "AWS_ENDPOINT_URL": moto,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "CLIENT_SECRETS_ARN": secrets.create_secret(Name="written", SecretString="{}")["ARN"],
        "INITIAL_CREDENTIALS_ARN": secrets.create_secret(Name="s", SecretString=secret)["ARN"],
        "CRONOFY_DATA_CENTER": "us",
        "SYNC_QUEUE_URL": queues[0],
        "DEAD_LETTER_QUEUE_URL": queues[1],
        "ACCOUNTS_TABLE": "accounts",
        "EVENTS_TABLE": "events",
        "ERASURES_TABLE": "erasures",
        "BUDGET_TABLE": "budget",
        "CHANGE_BUS_NAME": "default",
        "CALLS_PER_MINUTE": "500",
        "CRONOFY_API_URL": url,
        "PUBLIC_URL": "https://example.com",
        "OVERLAP_SECONDS": "120",
        "POWERTOOLS_METRICS_NAMESPACE": "CalendarMirror",
        "METRICS": "all",
        # A logger keeps to the output that it first had: each test has one of its own.
        "POWERTOOLS_SERVICE_NAME": f"stack-{uuid4().hex}",
    }
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    app.drain.cache_clear()
    app.metrics.cache_clear()
    yield Stack(dynamodb, sqs, queues, control)
    app.drain.cache_clear()
    app.metrics.cache_clear()


def test_a_batch_is_read_written_and_reported(stack):
    stack.connect("acc_1", 25)
    stack.connect("acc_2", 3)
    for account_id in ("acc_1", "acc_2", "acc_1"):
        stack.ask(account_id)

    assert stack.invoke() == []

    assert len(stack.summaries("acc_1")) == 25
    assert len(stack.summaries("acc_2")) == 3
    assert stack.accounts.get("acc_1").last_read is not None


def test_only_the_account_in_trouble_is_named_to_come_again_after_a_pause(stack):
    stack.connect("acc_1", 1)
    stack.connect("acc_2", 1)
    stack.control("POST", "faults", kind="status", status=503, account_id="acc_1", count=1)
    for account_id in ("acc_1", "acc_1", "acc_2"):
        stack.ask(account_id)

    assert stack.invoke() == ["acc_1", "acc_1"]
    assert SqsFifo(stack.sqs, stack.queues[0]).receive() == ()
    assert stack.summaries("acc_1") == []
    assert len(stack.summaries("acc_2")) == 1


def test_what_cannot_be_read_is_set_aside_and_leaves_the_queue(stack):
    stack.connect("acc_1", 1)
    stack.ask("acc_1")
    queue = SqsFifo(stack.sqs, stack.queues[0])
    queue.send(group="acc_1", body="not a message", deduplication_id="1")

    assert stack.invoke() == []

    assert [each.body for each in SqsFifo(stack.sqs, stack.queues[1]).receive()] == [
        "not a message"
    ]
    assert len(stack.summaries("acc_1")) == 1


def test_one_structured_line_and_metrics_for_each_account_and_nothing_secret(stack, capsys):
    tokens = stack.connect("acc_1", 25)
    stack.control("POST", "accounts/acc_1/tokens/expire")
    stack.ask("acc_1")
    stack.ask("acc_unknown")

    stack.invoke()

    text = capsys.readouterr().out
    lines = [json.loads(line) for line in text.splitlines()]
    read, unknown = (line for line in lines if "account_id" in line)
    assert (read["message"], read["account_id"]) == ("read", "acc_1")
    assert (read["written"], read["pages"], read["unchanged"]) == (25, 3, 0)
    assert (unknown["message"], unknown["account_id"]) == ("unknown_account", "acc_unknown")
    (metrics,) = (line for line in lines if "_aws" in line)
    assert metrics["EventsWritten"] == [25.0]
    assert metrics["Reads"] == [1.0]
    assert metrics["UnknownAccounts"] == [1.0]
    assert 0 <= metrics["Freshness"][0] < 60
    assert metrics["service"].startswith("stack-")
    new = stack.accounts.get("acc_1").tokens
    secrets = (SECRET, PLANTED, tokens.access, tokens.refresh, new.access, new.refresh)
    assert not [secret for secret in secrets if secret in text]


FAULTS = (
    {"kind": "malformed"},
    {"kind": "status", "status": 422, "body": json.dumps({"errors": {"tzid": PLANTED}})},
    {"kind": "status", "status": 500, "body": PLANTED},
    {"kind": "drop_after"},
    {"kind": "truncated"},
    {"kind": "expire_access"},
    {"kind": "broken_event", "variant": "without_ids"},
    {"kind": "broken_event", "variant": "wrong_types"},
)


def test_trouble_of_every_kind_logs_no_secret_and_no_content(stack, capsys):
    secrets = {SECRET, PLANTED}
    for number, fault in enumerate(FAULTS):
        tokens = stack.connect(f"acc_{number}", 3)
        secrets |= {tokens.access, tokens.refresh}
        stack.control("POST", "faults", path="/v1/events*", count=1, **fault)
        stack.ask(f"acc_{number}")
        stack.invoke()

    text = capsys.readouterr().out
    reports = [line for line in map(json.loads, text.splitlines()) if "account_id" in line]
    assert {each["account_id"] for each in reports} == {f"acc_{n}" for n in range(len(FAULTS))}
    assert not [secret for secret in secrets if secret in text]


def test_a_second_equal_batch_writes_nothing(stack, capsys):
    stack.connect("acc_1", 12)
    stack.ask("acc_1")
    stack.invoke()
    capsys.readouterr()
    stack.ask("acc_1")

    stack.invoke()

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (report,) = (line for line in lines if "account_id" in line)
    assert (report["written"], report["calls"]) == (0, 2)
    assert report["unchanged"] == 12


def test_the_cursor_is_the_start_of_the_read(stack):
    stack.connect("acc_1", 1)
    before = datetime.now(UTC)
    stack.ask("acc_1")
    stack.invoke()

    started = stack.accounts.get("acc_1").last_read.started_at
    assert before <= started <= datetime.now(UTC)
