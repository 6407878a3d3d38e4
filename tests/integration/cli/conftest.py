"""A stack of moto and the simulator for the command to act on, and what drains its queue."""

import io
import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from click.testing import CliRunner, Result
from moto.server import ThreadedMotoServer

from calendar_mirror import accounts, receive, sync
from calendar_mirror.accounts_table import AccountsTable
from calendar_mirror.attending import Attendant
from calendar_mirror.change_bus import ChangeBus
from calendar_mirror.client_secrets import ClientSecrets, StoredSecrets
from calendar_mirror.cronofy import Cronofy
from calendar_mirror.dead_letter_queue import DeadLetterQueue
from calendar_mirror.erasures_table import ErasuresTable
from calendar_mirror.events_table import EventsTable
from calendar_mirror.secrets_manager import SecretsManager
from calendar_mirror.sync_queue import SyncQueue, deliveries
from calendar_mirror.visit import Edges
from calmirror.main import main
from cronofy_simulator.clock import RealClock
from cronofy_simulator.server import SimulatorServer
from cronofy_simulator.settings import Settings
from cronofy_simulator.simulator import Simulator

REGION, NAME, SECRET = "us-east-1", "mirror", "secret-of-the-tests"
CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}
APPLICATION = {"client_id": "simulator_client", "client_secret": SECRET}
KEYS = {
    "EventsTable": ("pk", "sk"),
    "AccountsTable": ("account_id",),
    "ErasuresTable": ("account", "asked_at"),
    "BudgetTable": ("data_center",),
}
IDENTITY = (
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:root</Arn>"
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
)
INDEXES = {
    "pk": (("by_start", "pk", "start_at"), ("by_long_until", "pk", "long_until")),
    "account_id": (("by_due", "due", "due_at"), ("by_trouble", "trouble")),
}


def _table(*keys: str) -> dict[str, Any]:
    found = INDEXES.get(keys[0], ())
    indexes = [
        {
            "IndexName": name,
            "KeySchema": _schema(*of_index),
            "Projection": {"ProjectionType": "ALL"},
        }
        for name, *of_index in found
    ]
    names = {*keys, *(key for _, *of_index in found for key in of_index)}
    properties = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": n, "AttributeType": "S"} for n in sorted(names)],
        "KeySchema": _schema(*keys),
    }
    if indexes:
        properties["GlobalSecondaryIndexes"] = indexes
    return {"Type": "AWS::DynamoDB::Table", "Properties": properties}


def _schema(*keys: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": k, "KeyType": t} for k, t in zip(keys, ("HASH", "RANGE"), strict=False)
    ]


def _queue(name: str) -> dict[str, Any]:
    """moto, unlike AWS, invents no name that ends as a FIFO queue's must."""
    return {
        "Type": "AWS::SQS::Queue",
        "Properties": {"FifoQueue": True, "QueueName": f"{name}.fifo"},
    }


def _template(notifications_url: str, secrets: Mapping[str, str], simulator_url: str) -> str:
    """The resources of the real template that the command reaches, under its outputs' names."""
    return json.dumps(
        {
            "Parameters": {
                "CronofyDataCenter": {"Type": "String", "Default": "us"},
                "CronofyApiUrl": {"Type": "String", "Default": simulator_url},
                "ReturnToOrigins": {"Type": "String", "Default": "https://app.example.com"},
            },
            "Resources": {
                **{name: _queue(name) for name in ("SyncQueue", "DeadLetterQueue")},
                **{name: _table(*keys) for name, keys in KEYS.items()},
                "ChangeBus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "changes"}},
                "AccountsKey": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {}}},
                **{
                    f"{name}LogGroup": {
                        "Type": "AWS::Logs::LogGroup",
                        "Properties": {"LogGroupName": f"/logs/{name}"},
                    }
                    for name in ("Receive", "Sync")
                },
            },
            "Outputs": {
                "NotificationsUrl": {"Value": notifications_url},
                "SyncQueueUrl": {"Value": {"Ref": "SyncQueue"}},
                "DeadLetterQueueUrl": {"Value": {"Ref": "DeadLetterQueue"}},
                "EventsTableName": {"Value": {"Ref": "EventsTable"}},
                "AccountsTableName": {"Value": {"Ref": "AccountsTable"}},
                "ErasuresTableName": {"Value": {"Ref": "ErasuresTable"}},
                "BudgetTableName": {"Value": {"Ref": "BudgetTable"}},
                "ChangeBusName": {"Value": "changes"},
                "AccountsKey": {"Value": {"Ref": "AccountsKey"}},
                "DashboardUrl": {"Value": "https://console.aws.example/dashboards/mirror"},
                **{f"{name}Arn": {"Value": arn} for name, arn in secrets.items()},
                "ConnectUrl": {"Value": notifications_url.replace("notifications", "connect")},
            },
        }
    )


class Door(BaseHTTPRequestHandler):
    """Admits notifications as `receive` does, for this stack's secret, or answers as told."""

    def do_POST(self) -> None:
        receipt = receive.admit(
            self.rfile.read(int(self.headers["Content-Length"])),
            self.headers["Cronofy-HMAC-SHA256"],
            secrets=self.server.secrets,
            send=self.server.taken.append,
            received_at=datetime.now(UTC),
            merge=timedelta(0),
        )
        self.send_response(self.server.status or receipt.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@dataclass
class Environment:
    """One stack, and everything around it that a test may look at or turn."""

    file: Path
    endpoint: str
    outputs: Mapping[str, str]
    simulator_url: str
    door: Any
    _clients: dict[str, Any] = field(default_factory=dict)

    def run(
        self,
        *arguments: str,
        stdin: str | None = None,
        stack: str | None = "",
        env: Mapping[str, str | None] | None = None,
    ) -> Result:
        """Run the command as an operator does; `stack` None: without --stack."""
        named = () if stack is None else ("--stack", stack or str(self.file))
        return CliRunner().invoke(main, [*arguments, *named], input=stdin, env=env)

    def told(self, *arguments: str, ends_with: int = 0) -> Any:
        """Run the command with --json, and return the document that it prints."""
        result = self.run(*arguments, "--json")
        assert result.exit_code == ends_with, result.output
        return json.loads(result.stdout)

    def client(self, service: Any) -> Any:
        if service not in self._clients:
            made = boto3.client(service, endpoint_url=self.endpoint, **CREDENTIALS)
            self._clients[service] = made
        return self._clients[service]

    @property
    def dynamodb(self) -> Any:
        """The client that takes and gives Python values."""
        if "tables" not in self._clients:
            made = boto3.resource("dynamodb", endpoint_url=self.endpoint, **CREDENTIALS)
            self._clients["tables"] = made.meta.client
        return self._clients["tables"]

    @property
    def accounts(self) -> AccountsTable:
        return AccountsTable(self.dynamodb, self.outputs["AccountsTableName"])

    def messages(self, output: str = "SyncQueueUrl") -> list[dict[str, Any]]:
        """Take what a queue shows off it, ten at most; return what the messages say."""
        return [json.loads(message["Body"]) for message in self.received(output)]

    def received(self, output: str) -> list[dict[str, Any]]:
        """As `messages`; return them as SQS handed them out."""
        sqs, url = self.client("sqs"), self.outputs[output]
        answer = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"]
        ).get("Messages", [])
        for message in answer:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return list(answer)

    def control(self, method: str, path: str, document: Any = None) -> Any:
        """Call the simulator's control API."""
        url = f"{self.simulator_url}/_control/{path}"
        answer = requests.request(method, url, json=document, timeout=5)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def settle(self) -> None:
        """Do what `sync` does with everything that is on the queue now."""
        sqs, url = self.client("sqs"), self.outputs["SyncQueueUrl"]
        received = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"]
        ).get("Messages", [])
        records = [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "attributes": message["Attributes"],
                "body": message["Body"],
            }
            for message in received
        ]
        assert self._drain()(deliveries({"Records": records})) == ()
        for message in received:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    def client_secrets(self) -> ClientSecrets:
        """The credentials, as a function that starts now reads them."""
        stored = StoredSecrets(
            SecretsManager(self.client("secretsmanager")).text,
            self.outputs["ClientSecretsArn"],
            self.outputs["InitialCredentialsArn"],
            "us",
        )
        return ClientSecrets(stored.read, time.monotonic)

    def _drain(self) -> sync.Drain:
        edges = Edges(
            accounts=self.accounts,
            events=EventsTable(self.dynamodb, self.outputs["EventsTableName"]),
            erasures=ErasuresTable(self.dynamodb, self.outputs["ErasuresTableName"]),
            dead_letters=DeadLetterQueue(self.client("sqs"), self.outputs["DeadLetterQueueUrl"]),
            bus=ChangeBus(self.client("events"), self.outputs["ChangeBusName"]),
            cronofy=lambda data_center, _: Cronofy(
                accounts.api_url(data_center, self.simulator_url), requests.Session(), _now
            ),
            client=self.client_secrets().of,
            now=_now,
            public_url=self.outputs["NotificationsUrl"].rsplit("/notifications/", 1)[0],
            overlap=timedelta(seconds=120),
        )
        queue = SyncQueue(
            self.client("sqs"), self.outputs["SyncQueueUrl"], self.outputs["DeadLetterQueueUrl"]
        )
        return sync.Drain(queue, Attendant(edges), _now, random.Random(1), lambda report: None)


def _now() -> datetime:
    return datetime.now(UTC)


def _as_root(app: Any) -> Any:
    """
    Answer what moto does not know as a new AWS account does: Lambda's limits; and that the caller
    is the root user, of whom IAM is asked nothing.
    """

    def answer(environ: Any, start_response: Any) -> Any:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        if environ["PATH_INFO"].startswith("/2016-08-19/account-settings"):
            start_response("200 OK", [("Content-Type", "application/json")])
            return [b'{"AccountLimit": {"UnreservedConcurrentExecutions": 1000}}']
        if body.startswith(b"Action=GetCallerIdentity"):
            start_response("200 OK", [("Content-Type", "text/xml")])
            return [IDENTITY.encode()]
        return app(environ, start_response)

    return answer


@pytest.fixture(scope="session")
def aws_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    behind: Any = server._server  # noqa: SLF001
    behind.app = _as_root(behind.app)
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def simulator_url() -> Iterator[str]:
    settings = Settings(client_secrets=(SECRET,), refresh_rotates=True)
    server = SimulatorServer(Simulator(RealClock(), settings, random.Random(7)))
    with server:
        thread = threading.Thread(target=server.run)
        thread.start()
        yield server.url
        server.shutdown()
        thread.join()


@pytest.fixture
def door() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.taken, server.status = [], None
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def stack(aws_endpoint: str, simulator_url: str, door: Any, tmp_path: Path) -> Environment:
    url = f"http://127.0.0.1:{door.server_port}/notifications/{{account_id}}"
    requests.post(f"{aws_endpoint}/moto-api/reset", timeout=5)
    cloudformation = boto3.client("cloudformation", endpoint_url=aws_endpoint, **CREDENTIALS)
    # Not in the template: moto's CloudFormation makes no secrets.
    vault = boto3.client("secretsmanager", endpoint_url=aws_endpoint, **CREDENTIALS)
    secrets = {
        name: vault.create_secret(Name=name, SecretString=text)["ARN"]
        for name, text in (
            ("InitialCredentials", json.dumps({"us": APPLICATION})),
            ("ClientSecrets", json.dumps({"de": APPLICATION})),
            ("LinkKeys", "key-of-the-tests"),
        )
    }
    cloudformation.create_stack(StackName=NAME, TemplateBody=_template(url, secrets, simulator_url))
    described = cloudformation.describe_stacks(StackName=NAME)["Stacks"][0]["Outputs"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in described}
    document = {
        "aws_endpoint_url": aws_endpoint,
        "region": REGION,
        "stack_name": NAME,
        "notifications_url": url,
        "cronofy_api_url": simulator_url,
    }
    file = tmp_path / ".local" / "stack.json"
    file.parent.mkdir()
    file.write_text(json.dumps(document))
    environment = Environment(file, aws_endpoint, outputs, simulator_url, door)
    door.secrets = environment.client_secrets()
    return environment


@pytest.fixture
def aws(stack: Environment) -> dict[str, str | None]:
    """What makes boto3 take the tests' AWS for AWS itself."""
    return {
        "AWS_ENDPOINT_URL": stack.endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": None,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_PROFILE": None,
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
        "CALMIRROR_STACK": None,
    }


@pytest.fixture
def account(stack: Environment) -> dict[str, Any]:
    """An account of the simulator's that was put in place and read, with three events."""
    made: dict[str, Any] = stack.control("POST", "accounts")
    stack.control("POST", f"accounts/{made['account_id']}/events", {"count": 3, "quiet": True})
    added = stack.run(
        "accounts", "add", made["account_id"], "--refresh-token", "-", stdin=made["refresh_token"]
    )
    assert added.exit_code == 0, added.output
    stack.settle()
    return made


@pytest.fixture
def draining(stack: Environment) -> Iterator[Callable[[], None]]:
    """Start something that drains the queue, until the test ends."""
    ended = threading.Event()

    def drain() -> None:
        while not ended.wait(0.05):
            stack.settle()

    thread = threading.Thread(target=drain)
    yield thread.start
    ended.set()
    if thread.ident is not None:
        thread.join()
