"""Door of `reconcile`: the clock rings, and what is due is asked for."""

import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from botocore.config import Config

from calendar_mirror import budgets, reconcile, settings
from calendar_mirror.accounts_table import AccountsTable
from calendar_mirror.sync_queue import SyncQueue

#: Calls to AWS that are under way at the same time.
AT_ONCE = 16
_AWS = Config(
    connect_timeout=3,
    read_timeout=5,
    retries={"mode": "standard", "max_attempts": 3},
    max_pool_connections=AT_ONCE,
)


def handler(event, context):
    return metrics().log_metrics(run)(event, context)


def run(event, context):
    asked = ask(now())
    metrics().add_metric("AccountsAskedFor", MetricUnit.Count, asked)
    logger().info("asked", extra={"accounts": asked})


def ask(at):
    accounts, queue, most = edges()

    def send_all(batch):
        return queue.send_all(batch, unique=lambda: uuid.uuid4().hex)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return reconcile.ask_all(accounts, send_all, now=at, most=most, spread=pool.map)


@cache
def edges():
    configured = settings.from_environ(settings.ReconcileSettings, os.environ)
    dynamodb = boto3.resource("dynamodb", config=_AWS).meta.client
    return (
        AccountsTable(dynamodb, configured.accounts_table),
        SyncQueue(boto3.client("sqs", config=_AWS), configured.sync_queue_url),
        budgets.looks_within(configured.calls_per_minute, configured.every_minutes),
    )


@cache
def metrics():
    return Metrics()


@cache
def logger():
    return Logger()


def now():
    return datetime.now(UTC)
