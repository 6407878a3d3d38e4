"""Door of `sync`: unwraps a batch, drains it, tells Lambda which messages must come again."""

import os
import random
import time
from datetime import UTC, datetime, timedelta
from functools import cache, partial

import boto3
import requests
from aws_lambda_powertools import Logger, Metrics
from botocore.config import Config

from calendar_mirror import accounts, reading, settings, sync
from calendar_mirror.accounts_table import AccountsTable
from calendar_mirror.client_secrets import ClientSecrets
from calendar_mirror.cronofy import Cronofy
from calendar_mirror.events_table import EventsTable
from calendar_mirror.reporting import Reporter
from calendar_mirror.secrets_manager import SecretsManager
from calendar_mirror.sync_queue import SyncQueue, deliveries

_AWS = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "max_attempts": 3})


def handler(event, context):
    return metrics().log_metrics(answer)(event, context)


def answer(event, context):
    again = drain()(deliveries(event))
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in again]}


@cache
def drain():
    """Bring the edges and the shells together, once for each instance of the function."""
    configured = settings.from_environ(settings.SyncSettings, os.environ)
    return sync.Drain(
        queue=SyncQueue(
            boto3.client("sqs", config=_AWS),
            configured.sync_queue_url,
            configured.dead_letter_queue_url,
        ),
        settle=partial(reading.bring_up_to_date, edges(configured)),
        now=now,
        rng=random.SystemRandom(),
        report=Reporter(Logger(), metrics()),
    )


@cache
def metrics():
    return Metrics()


def edges(configured):
    dynamodb = boto3.resource("dynamodb", config=_AWS).meta.client
    secrets_manager = boto3.client("secretsmanager", config=_AWS)
    secrets = SecretsManager(secrets_manager, configured.client_secrets_arn)
    session = requests.Session()
    return reading.Edges(
        accounts=AccountsTable(dynamodb, configured.accounts_table),
        events=EventsTable(dynamodb, configured.events_table),
        cronofy=lambda data_center: Cronofy(
            accounts.api_url(data_center, configured.cronofy_api_url), session, now
        ),
        client=ClientSecrets(secrets.read, time.monotonic).of,
        now=now,
        public_url=configured.public_url,
        overlap=timedelta(seconds=configured.overlap_seconds),
    )


def now():
    return datetime.now(UTC)
