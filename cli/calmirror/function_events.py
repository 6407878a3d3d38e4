"""What AWS hands to each function: a request, a batch of the queue or the stream, a schedule."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from boto3.dynamodb.types import TypeSerializer

from calendar_mirror import instants, messages, records
from calendar_mirror.documents import Json
from calendar_mirror.messages import Kind, Message
from calendar_mirror.notifications import Type
from calendar_mirror.queries import callback_url

_REGION, _AWS_ACCOUNT = "us-east-1", "123456789012"
_ARN = f"arn:aws:{{service}}:{_REGION}:{_AWS_ACCOUNT}:{{resource}}"
_HOST = "example.com"


def notification(
    body: bytes, headers: Mapping[str, str], account_id: str, *, at: datetime
) -> dict[str, Any]:
    """Return the POST of a notification, as the API hands it to `receive`."""
    path = callback_url("", account_id)
    request = _api_request("POST /notifications/{account_id}", path, at=at)
    return request | {
        "headers": {name.lower(): value for name, value in headers.items()} | request["headers"],
        "pathParameters": {"account_id": account_id},
        "body": body.decode(),
    }


def connect_request(link: str, *, at: datetime) -> dict[str, Any]:
    """Return the GET of a connect link, as the API hands it to `connect`."""
    query = {"link": link}
    request = _api_request("GET /connect", "/connect", at=at)
    return request | {"rawQueryString": urlencode(query), "queryStringParameters": query}


def _api_request(route: str, path: str, *, at: datetime) -> dict[str, Any]:
    """
    Write a request as an HTTP API hands it on: header names in lower case.

    Source: API Gateway developer guide, "Lambda integrations for HTTP APIs", payload format 2.0
    """
    method = route.partition(" ")[0]
    return {
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": _HOST},
        "requestContext": {
            "accountId": _AWS_ACCOUNT,
            "apiId": "example",
            "domainName": _HOST,
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1"},
            "requestId": "sample",
            "routeKey": route,
            "stage": "$default",
            "timeEpoch": round(at.timestamp() * 1000),
        },
        "isBase64Encoded": False,
    }


def queue_batch(account_id: str, *, at: datetime) -> dict[str, Any]:
    """Return one message about a change, as SQS's event source mapping hands it to `sync`."""
    since, until = at.replace(microsecond=0), messages.bucket_end(at, timedelta(seconds=1))
    message = Message(account_id, Kind.DELTA, since, at, until, Type.CHANGE.value)
    sent_at, text = str(round(at.timestamp() * 1000)), messages.encode(message)
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
        "eventSourceARN": _ARN.format(service="sqs", resource="calendar-mirror-SyncQueue.fifo"),
        "awsRegion": _REGION,
    }
    return {"Records": [record]}


def schedule(*, at: datetime) -> dict[str, Any]:
    """
    Return what EventBridge Scheduler hands to `reconcile`, which reads nothing of it. The form is
    that of EventBridge's scheduled events; no page of AWS's was found that shows the Scheduler's.
    """
    arn = _ARN.format(service="scheduler", resource="schedule/default/calendar-mirror-Clock")
    return {
        "version": "0",
        "id": "22222222-2222-2222-2222-222222222222",
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": _AWS_ACCOUNT,
        "time": instants.to_text(at),
        "region": _REGION,
        "resources": [arn],
        "detail": "{}",
    }


def stream_batch(account_id: str, *, at: datetime) -> dict[str, Any]:
    """
    Return one row that was written, as the events table's stream hands it to `publish`.

    Source: Lambda developer guide, "Using AWS Lambda with Amazon DynamoDB"
    """
    start = at.replace(microsecond=0) + timedelta(days=1)
    document: Json = {
        "calendar_id": "cal_sample",
        "event_uid": "evt_sample",
        "summary": "Lunch",
        "start": instants.to_text(start),
        "end": instants.to_text(start + timedelta(hours=1)),
    }
    row = records.to_item(records.from_cronofy(account_id, document), synced_at=at)
    image = {name: TypeSerializer().serialize(value) for name, value in row.items()}
    table = f"table/calendar-mirror-EventsTable/stream/{at:%Y-%m-%dT%H:%M:%S.000}"
    record = {
        "eventID": "c4ca4238a0b923820dcc509a6f75849b",
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": _REGION,
        "dynamodb": {
            "ApproximateCreationDateTime": round(at.timestamp()),
            "Keys": {name: image[name] for name in ("pk", "sk")},
            "NewImage": image,
            "SequenceNumber": "400000000000000499660",
            "SizeBytes": len(str(image)),
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": _ARN.format(service="dynamodb", resource=table),
    }
    return {"Records": [record]}
