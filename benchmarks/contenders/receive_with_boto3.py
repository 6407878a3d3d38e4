"""The usual door: boto3 for both calls, Powertools for logs and metrics; clients made at import."""

import base64
import hashlib
import hmac
import json
import os
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

logger = Logger()
metrics = Metrics()
sqs = boto3.client("sqs")
secrets_manager = boto3.client("secretsmanager")
cached_secrets: list[str] = []


def secrets() -> list[str]:
    if not cached_secrets:
        text = secrets_manager.get_secret_value(SecretId=os.environ["INITIAL_CREDENTIALS_ARN"])
        entries = json.loads(text["SecretString"]).values()
        cached_secrets.extend(entry["client_secret"] for entry in entries)
    return cached_secrets


@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    body = event["body"].encode()
    offered = event["headers"].get("cronofy-hmac-sha256", "").split(",")
    digests = [
        base64.b64encode(hmac.digest(s.encode(), body, hashlib.sha256)).decode() for s in secrets()
    ]
    metrics.add_metric("Notifications", MetricUnit.Count, 1)
    if not set(digests) & set(offered):
        return {"statusCode": 401}
    account_id = json.loads(body)["channel"]["callback_url"].rpartition("/")[2]
    sqs.send_message(
        QueueUrl=os.environ["SYNC_QUEUE_URL"],
        MessageBody=json.dumps({"account_id": account_id}),
        MessageGroupId=account_id,
        MessageDeduplicationId=context.aws_request_id,
    )
    return {"statusCode": 200}
