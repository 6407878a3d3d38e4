"""Door of `connect`: unwraps API Gateway's request, takes one step, wraps the reply."""

import os
import secrets
import time
from datetime import UTC, datetime
from functools import cache, lru_cache

import boto3
import requests
from aws_lambda_powertools import Logger
from botocore.config import Config

from calendar_mirror import accounts, budgets, connect, connect_links, settings
from calendar_mirror.accounts_table import AccountsTable
from calendar_mirror.admission import Admission
from calendar_mirror.authorizations_table import AuthorizationsTable
from calendar_mirror.budget_table import BudgetTable
from calendar_mirror.client_secrets import ClientSecrets, StoredSecrets
from calendar_mirror.cronofy import Cronofy
from calendar_mirror.secrets_manager import SecretsManager
from calendar_mirror.sync_queue import SyncQueue

_AWS = Config(connect_timeout=2, read_timeout=4, retries={"mode": "standard", "max_attempts": 2})
#: Somebody sits before the browser, and API Gateway waits for 30 seconds.
_CRONOFY_TIMEOUT_S = (2.0, 5.0)
_PATIENCE_S = 4.0
_KEYS_KEPT_S = 300


def handler(event, context):
    connecting = shell(event["requestContext"]["domainName"])
    steps = {"GET /connect": connecting.begin, "GET /connect/callback": connecting.finish}
    reply = steps[event["routeKey"]](request_of(event))
    logger().info(reply.outcome.value, extra={"status": reply.status, "reason": reply.reason})
    return {
        "statusCode": reply.status,
        "headers": dict(reply.headers),
        "cookies": list(reply.cookies),
        "body": reply.body,
    }


def request_of(event):
    """API Gateway takes cookies out of the headers; other servers may leave them there."""
    headers = event.get("headers") or {}
    in_headers = [value for name, value in headers.items() if name.lower() == "cookie"]
    cookies = ["; ".join(event.get("cookies") or ()), *in_headers]
    return connect.Request(event.get("queryStringParameters") or {}, cookies)


@cache
def shell(domain):
    """
    Bring the edges and the shell together, once for each name that API Gateway answers to.

    That name comes with the request, since a function cannot be told the address of an API that is
    told the function's.
    """
    configured = settings.from_environ(settings.ConnectSettings, os.environ)
    dynamodb = boto3.resource("dynamodb", config=_AWS).meta.client
    secrets_manager = SecretsManager(boto3.client("secretsmanager", config=_AWS))
    client_secrets = StoredSecrets(
        secrets_manager.text,
        configured.client_secrets_arn,
        configured.initial_credentials_arn,
        configured.cronofy_data_center,
    )
    queue = SyncQueue(boto3.client("sqs", config=_AWS), configured.sync_queue_url)
    limit = budgets.limit(configured.calls_per_minute)
    budget = BudgetTable(dynamodb, configured.budget_table, limit, now)
    session = requests.Session()

    def cronofy(data_center):
        return Cronofy(
            accounts.api_url(data_center, configured.cronofy_api_url),
            session,
            now,
            # Nobody comes again by itself, so the first call waits as well.
            admit=Admission(
                budget,
                data_center,
                time.sleep,
                has_begun=True,
                patience_s=_PATIENCE_S,
            ),
            timeout_s=_CRONOFY_TIMEOUT_S,
        )

    @lru_cache(maxsize=1)
    def keys(_):
        return connect_links.keys(secrets_manager.text(configured.link_keys_arn))

    return connect.Connect(
        accounts=AccountsTable(dynamodb, configured.accounts_table),
        authorizations=AuthorizationsTable(dynamodb, configured.authorizations_table),
        cronofy=cronofy,
        client=ClientSecrets(client_secrets.read, time.monotonic).of,
        keys=lambda: keys(time.monotonic() // _KEYS_KEPT_S),
        send=lambda message: queue.send(message, unique=secrets.token_urlsafe()),
        now=now,
        random_text=secrets.token_urlsafe,
        public_url=configured.public_url or f"https://{domain}",
        cronofy_url=configured.cronofy_api_url,
        scope=configured.cronofy_scope,
        return_to=tuple(filter(None, configured.return_to_origins.split(","))),
    )


@cache
def logger():
    return Logger()


def now():
    return datetime.now(UTC)
