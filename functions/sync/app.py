"""Door of `sync`: unwraps a batch, drains it, tells Lambda which messages must come again."""

import os
import random
import time
from datetime import UTC, datetime, timedelta
from functools import cache

import boto3
import requests
from aws_lambda_powertools import Logger, Metrics
from botocore.config import Config

from calendar_mirror import accounts, budgets, measures, reporting, settings, sync
from calendar_mirror.accounts_table import AccountsTable
from calendar_mirror.admission import Admission
from calendar_mirror.attending import Attendant
from calendar_mirror.budget_table import BudgetTable
from calendar_mirror.change_bus import ChangeBus
from calendar_mirror.client_secrets import ClientSecrets, StoredSecrets
from calendar_mirror.cronofy import Cronofy
from calendar_mirror.dead_letter_queue import DeadLetterQueue
from calendar_mirror.erasures_table import ErasuresTable
from calendar_mirror.events_table import EventsTable
from calendar_mirror.secrets_manager import SecretsManager
from calendar_mirror.sync_queue import SyncQueue, deliveries
from calendar_mirror.visit import Edges

#: Milliseconds before the function is stopped at which it begins no other account.
_LEFT_MS = 40_000
_AWS = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "max_attempts": 3})


def handler(event, context):
    with reporting.flushed(metrics()):
        return answer(event, context)


def answer(event, context):
    again = drain()(deliveries(event), lambda: context.get_remaining_time_in_millis() < _LEFT_MS)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in again]}


@cache
def drain():
    """Bring the edges and the shells together, once for each instance of the function."""
    configured = settings.from_environ(settings.SyncSettings, os.environ)
    sqs = boto3.client("sqs", config=_AWS)
    dynamodb = boto3.resource("dynamodb", config=_AWS).meta.client
    limit = budgets.limit(configured.calls_per_minute)
    budget = BudgetTable(dynamodb, configured.budget_table, limit, now)
    return sync.Drain(
        queue=SyncQueue(sqs, configured.sync_queue_url, configured.dead_letter_queue_url),
        settle=Attendant(edges(configured, sqs, dynamodb, budget)),
        now=now,
        rng=random.SystemRandom(),
        report=reporting.Reporter(Logger(), metrics(), measures.chosen(configured.metrics)),
        headroom=budget.headroom,
    )


@cache
def metrics():
    return Metrics()


def edges(configured, sqs, dynamodb, budget):
    secrets_manager = boto3.client("secretsmanager", config=_AWS)
    secrets = StoredSecrets(
        SecretsManager(secrets_manager).text,
        configured.client_secrets_arn,
        configured.initial_credentials_arn,
        configured.cronofy_data_center,
    )
    session = requests.Session()

    def cronofy(data_center, is_background):
        url = accounts.api_url(data_center, configured.cronofy_api_url)
        admission = Admission(budget, data_center, time.sleep, is_background=is_background)
        return Cronofy(url, session, now, admit=admission)

    return Edges(
        accounts=AccountsTable(dynamodb, configured.accounts_table),
        events=EventsTable(dynamodb, configured.events_table),
        erasures=ErasuresTable(dynamodb, configured.erasures_table),
        dead_letters=DeadLetterQueue(sqs, configured.dead_letter_queue_url),
        bus=ChangeBus(boto3.client("events", config=_AWS), configured.change_bus_name),
        cronofy=cronofy,
        client=ClientSecrets(secrets.read, time.monotonic).of,
        now=now,
        public_url=configured.public_url,
        overlap=timedelta(seconds=configured.overlap_seconds),
    )


def now():
    return datetime.now(UTC)
