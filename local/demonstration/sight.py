"""A running stack, looked at from outside: the simulator, the tables, the queue."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import requests

import local_stack.stack
from demonstration.calendar import Account, Calendar
from demonstration.measuring import Watch
from demonstration.mirror import Mirror, Queue, WriteCounter
from local_stack.stack import Stack


@dataclass(frozen=True, slots=True)
class Sight:
    """
    Attributes:
        file: the stack's ``stack.json``.
        dynamodb: boto3's client that takes and gives Python values (``resource.meta.client``).
    """

    stack: Stack
    file: Path
    calendar: Calendar
    mirror: Mirror
    queue: Queue
    writes: WriteCounter
    dynamodb: Any

    def watch(self, account_id: str) -> Watch:
        """Look at one account."""
        return Watch(account_id, self.calendar, self.mirror, self.writes, self.queue)

    def put_in_place(self, account: Account) -> None:
        """
        Connect *account* as its user does: open a link, consent, come back.

        Raises:
            RuntimeError: it did not end with the page that says so.
        """
        with requests.Session() as browser:
            consent = browser.get(self._connect_link(account.account_id), timeout=30)
            decision = {"account": account.account_id, "decision": "allow"}
            last = browser.post(consent.url, data=decision, timeout=30)
        if 'data-outcome="connected"' not in last.text:
            raise RuntimeError(f"{urlsplit(last.url).path} answered {last.status_code}")

    def _connect_link(self, user_ref: str) -> str:
        command = [str(Path(sys.executable).with_name("calmirror")), "connect-link"]
        options = ("--user-ref", user_ref, "--stack", str(self.file))
        answer = subprocess.run([*command, *options], check=True, capture_output=True, text=True)
        return answer.stdout.strip()


def at(file: Path) -> Sight:
    """
    Look at the stack that *file* describes, its ``stack.json``.

    Raises:
        OSError, ValueError, KeyError: there is no such file, or it describes no stack.
    """
    stack = local_stack.stack.read(file)
    session = boto3.Session(
        aws_access_key_id=stack.aws_access_key_id,
        aws_secret_access_key=stack.aws_secret_access_key,
        region_name=stack.region,
    )

    def client(name: Any) -> Any:
        return session.client(name, endpoint_url=stack.aws_endpoint_url)

    resource = session.resource("dynamodb", endpoint_url=stack.aws_endpoint_url)
    table = resource.Table(stack.outputs["EventsTableName"])
    return Sight(
        stack=stack,
        file=file,
        calendar=Calendar(stack.cronofy_api_url, requests.Session()),
        mirror=Mirror(resource.meta.client, table.name),
        queue=Queue(client("sqs"), stack.outputs["SyncQueueUrl"]),
        writes=WriteCounter(client("dynamodbstreams"), table.latest_stream_arn),
        dynamodb=resource.meta.client,
    )
