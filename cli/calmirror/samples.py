"""`calmirror sample`: notifications and messages to try the functions with, signed for a secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from calendar_mirror import instants, messages, notifications, signatures
from calendar_mirror.messages import Kind, Message
from calendar_mirror.notifications import Type
from calendar_mirror.queries import callback_url
from calmirror import asking, completion

#: The samples are the same at each writing, so times are fixed.
_RECEIVED_AT = instants.parse("2026-01-31T09:00:02.417000Z")
_CHANGES_SINCE = "2026-01-31T09:00:00Z"
_PUBLIC_URL = "https://example.com"
_QUEUE_ARN = "arn:aws:sqs:us-east-1:123456789012:calendar-mirror-SyncQueue.fifo"

#: What the local stack signs with: its client secret.
SIGNED_WITH = "local-client-secret"
MESSAGE = "sync_queue_message"
_NOTIFICATIONS = tuple(each.value for each in Type)


@click.command()
@click.argument("name", metavar="NAME", type=click.Choice([*_NOTIFICATIONS, MESSAGE, "all"]))
@click.option(
    "--secret",
    default=SIGNED_WITH,
    help="Client secret; `-` asks for it, or reads the standard input. [default: the local "
    "stack's]",
)
@click.option(
    "--account-id",
    default="acc_sample",
    show_default=True,
    shell_complete=completion.account_ids,
)
@click.option("--body-only", is_flag=True, help="The raw body, and the header to send with it.")
@click.option("--write", type=click.Path(file_okay=False, path_type=Path), help="Into files there.")
def sample(name: str, secret: str, account_id: str, body_only: bool, write: Path | None) -> None:
    """
    Make the sample event NAME for `sam local invoke`, signed for your client secret.

    NAME is a type of notification, sync_queue_message, or all.
    """
    if not notifications.is_account_id(account_id):
        raise click.UsageError(f"{account_id!r} cannot be an account's id")
    secret = asking.secret(secret, "client secret")
    if body_only:
        _print_body(name, secret, account_id)
        return
    wanted = [*_NOTIFICATIONS, MESSAGE] if name == "all" else [name]
    for each in wanted:
        text = json.dumps(event(each, secret=secret, account_id=account_id), indent=2) + "\n"
        if write is None:
            click.echo(text, nl=False)
        else:
            write.mkdir(parents=True, exist_ok=True)
            (write / file_name(each)).write_text(text)


def _print_body(name: str, secret: str, account_id: str) -> None:
    if name not in _NOTIFICATIONS:
        raise click.UsageError("--body-only is for one type of notification")
    content = body(Type(name), callback_url(_PUBLIC_URL, account_id))
    header = headers(content, secret)[signatures.HEADER]
    click.echo(f"{signatures.HEADER}: {header}\n\n{content.decode()}")


def file_name(name: str) -> str:
    """Return the file in which the sample *name* is kept."""
    return f"{name}.json" if name == MESSAGE else f"notification_{name}.json"


def event(name: str, *, secret: str, account_id: str) -> dict[str, Any]:
    """Return the event with which Lambda calls `receive` (a type) or `sync` (`MESSAGE`)."""
    if name == MESSAGE:
        return _queue_event(account_id)
    content = body(Type(name), callback_url(_PUBLIC_URL, account_id))
    return _api_event(content, headers(content, secret), account_id)


def body(kind: Type, url: str, *, changes_since: str = _CHANGES_SINCE) -> bytes:
    """
    Write a notification's body.

    Source: https://docs.cronofy.com/developers/api/push-notifications/
    """
    notification = {"type": kind.value}
    if kind is Type.CHANGE:
        notification["changes_since"] = changes_since
    channel = {"channel_id": "chn_54cf7c7cb4ad4c1027000001", "callback_url": url, "filters": {}}
    return json.dumps({"notification": notification, "channel": channel}).encode()


def headers(content: bytes, secret: str) -> dict[str, str]:
    """Return the headers that Cronofy sends with a body."""
    digest = hmac.digest(secret.encode(), content, hashlib.sha256)
    return {
        "Content-Type": "application/json; charset=utf-8",
        signatures.HEADER: base64.b64encode(digest).decode(),
    }


def _api_event(content: bytes, sent: Mapping[str, str], account_id: str) -> dict[str, Any]:
    """
    Write the request as an HTTP API hands it on: header names in lower case.

    Source: API Gateway developer guide, "Lambda integrations for HTTP APIs", payload format 2.0
    """
    path = callback_url("", account_id)
    return {
        "version": "2.0",
        "routeKey": "POST /notifications/{account_id}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {name.lower(): value for name, value in sent.items()} | {"host": "example.com"},
        "pathParameters": {"account_id": account_id},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "example",
            "domainName": "example.com",
            "http": {"method": "POST", "path": path, "protocol": "HTTP/1.1"},
            "requestId": "sample",
            "routeKey": "POST /notifications/{account_id}",
            "stage": "$default",
            "timeEpoch": round(_RECEIVED_AT.timestamp() * 1000),
        },
        "body": content.decode(),
        "isBase64Encoded": False,
    }


def _queue_event(account_id: str) -> dict[str, Any]:
    """Write a batch of one message, as SQS's event source mapping hands it over."""
    since = instants.parse(_CHANGES_SINCE)
    until = messages.bucket_end(_RECEIVED_AT, timedelta(seconds=1))
    message = Message(account_id, Kind.DELTA, since, _RECEIVED_AT, until, Type.CHANGE.value)
    sent_at = str(round(_RECEIVED_AT.timestamp() * 1000))
    text = messages.encode(message)
    record = {
        "messageId": "11111111-1111-1111-1111-111111111111",
        "receiptHandle": "sample",
        "body": text,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": sent_at,
            "SequenceNumber": "18849496460467696128",
            "MessageGroupId": account_id,
            "SenderId": "AIDAEXAMPLE",
            "MessageDeduplicationId": messages.deduplication_id(message, unique="sample"),
            "ApproximateFirstReceiveTimestamp": sent_at,
        },
        "messageAttributes": {},
        "md5OfBody": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": _QUEUE_ARN,
        "awsRegion": "us-east-1",
    }
    return {"Records": [record]}
