"""Reads an account's events of the days to come, from the mirror's table."""

import os
from datetime import UTC, datetime, timedelta
from functools import cache

import boto3

from calendar_mirror.reader import MirrorReader


def handler(event, context):
    now = datetime.now(UTC)
    until = now + timedelta(days=event.get("days", 7))
    return [
        {
            "start": each.start_at.isoformat(),
            "end": each.end_at.isoformat(),
            "summary": each.document.get("summary"),
        }
        for each in mirror().events_between(event["account_id"], now, until)
    ]


@cache
def mirror():
    return MirrorReader(boto3.resource("dynamodb").Table(os.environ["EVENTS_TABLE"]))
