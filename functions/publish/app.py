"""Door of `publish`: unwraps a batch of the stream, tells Lambda from where it must come again."""

import os
from datetime import UTC, datetime
from functools import cache

import boto3
from aws_lambda_powertools import Logger, Metrics
from botocore.config import Config

from calendar_mirror import feed, measures, publish, reporting, settings
from calendar_mirror.change_bus import ChangeBus

_AWS = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "max_attempts": 3})


def handler(event, context):
    with reporting.flushed(metrics()):
        return answer(event)


def answer(event):
    done = tell(feed.from_stream(event["Records"]))
    report(done, len(event["Records"]))
    return {"batchItemFailures": [{"itemIdentifier": number} for number in done.again]}


def tell(writes):
    table = configuration().events_table
    return publish.publish(writes, bus().publish_all, table=table, now=now)


def report(done, records):
    about = {
        "records": records,
        "entries": done.entries,
        "lag_ms": done.lag_ms,
        "trouble": done.trouble,
    }
    logger().info("again" if done.again else "published", extra=about)
    reporting.tell(metrics(), done.measured, measures.chosen(configuration().metrics))


@cache
def configuration():
    return settings.from_environ(settings.PublishSettings, os.environ)


@cache
def bus():
    return ChangeBus(boto3.client("events", config=_AWS), configuration().change_bus_name)


@cache
def metrics():
    return Metrics()


@cache
def logger():
    return Logger()


def now():
    return datetime.now(UTC)
