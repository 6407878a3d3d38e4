"""Door of `publish`: unwraps a batch of the stream, tells Lambda from where it must come again."""

import os
from datetime import UTC, datetime
from functools import cache

import boto3
from aws_lambda_powertools import Logger, Metrics
from botocore.config import Config

from calendar_mirror import feed, publish, reporting, settings
from calendar_mirror.change_bus import ChangeBus

_AWS = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "max_attempts": 3})


def handler(event, context):
    return metrics().log_metrics(answer)(event, context)


def answer(event, context):
    done = tell(feed.from_stream(event["Records"]))
    report(done, len(event["Records"]))
    return {"batchItemFailures": [{"itemIdentifier": number} for number in done.again]}


def tell(writes):
    bus, table = edges()
    return publish.publish(writes, bus.publish_all, table=table, now=now)


def report(done, records):
    about = {"records": records, "entries": done.entries, "trouble": done.trouble}
    logger().info("again" if done.again else "published", extra=about)
    reporting.tell(metrics(), done.measured)


@cache
def edges():
    configured = settings.from_environ(settings.PublishSettings, os.environ)
    bus = ChangeBus(boto3.client("events", config=_AWS), configured.change_bus_name)
    return bus, configured.events_table


@cache
def metrics():
    return Metrics()


@cache
def logger():
    return Logger()


def now():
    return datetime.now(UTC)
