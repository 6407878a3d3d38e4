"""Door of `reconcile`: the clock rings, and what is due is asked for."""

import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache

import boto3
from aws_lambda_powertools import Logger, Metrics
from botocore.config import Config

from calendar_mirror import budgets, measures, reconcile, reporting, settings
from calendar_mirror.accounts_table import AccountsTable
from calendar_mirror.census import Census
from calendar_mirror.measures import Measure
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
    with reporting.flushed(metrics()):
        asked = ask(now())
        tell({Measure.ASKED_FOR: asked})
        counted = census()()
        tell(counted)
        numbers = {measure.title: value for measure, value in counted.items()}
        logger().info("asked", extra={"accounts": asked, **numbers})


def tell(values):
    reporting.tell(metrics(), values, measures.chosen(configuration().metrics))


def ask(at):
    accounts, queue, most = edges()

    def send_all(batch):
        return queue.send_all(batch, unique=lambda: uuid.uuid4().hex)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return reconcile.ask_all(accounts, send_all, now=at, most=most, spread=pool.map)


@cache
def configuration():
    return settings.from_environ(settings.ReconcileSettings, os.environ)


@cache
def dynamodb():
    return boto3.resource("dynamodb", config=_AWS).meta.client


@cache
def census():
    return Census(dynamodb(), configuration().accounts_table)


@cache
def edges():
    configured = configuration()
    return (
        AccountsTable(dynamodb(), configured.accounts_table),
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
