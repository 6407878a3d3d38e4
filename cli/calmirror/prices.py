"""
What AWS charges: list prices of us-east-1, in US dollars, without any free tier or discount.

Source: the pricing page of each service, as named below. Those of CloudWatch, KMS and Lambda were
compared with copies of these pages in 2026; the others are list prices of 2025, not compared since.
They change seldom and differ by region: compare before you rely on a sum.
The figures of docs/cost.md, `calmirror cost`, `calmirror estimate` and the test of what an idle
stack costs all come from here.
"""

from __future__ import annotations

from dataclasses import dataclass

REGION, AS_OF = "us-east-1", "2026"


@dataclass(frozen=True, slots=True)
class Price:
    """
    Attributes:
        usd: for each *unit*.
        source: below ``https://aws.amazon.com/``.
    """

    service: str
    usd: float
    unit: str
    source: str


API_REQUEST = Price("API Gateway", 1.00e-6, "requests (HTTP API)", "api-gateway/pricing/")
INVOCATION = Price("Lambda", 0.20e-6, "invocations", "lambda/pricing/")
GB_SECOND = {
    "arm64": Price("Lambda", 0.0000133334, "GB-seconds (arm64)", "lambda/pricing/"),
    "x86_64": Price("Lambda", 0.0000166667, "GB-seconds (x86_64)", "lambda/pricing/"),
}
QUEUE_REQUEST = Price("SQS", 0.50e-6, "requests (FIFO)", "sqs/pricing/")
WRITE = Price("DynamoDB", 0.625e-6, "write request units", "dynamodb/pricing/on-demand/")
READ = Price("DynamoDB", 0.125e-6, "read request units", "dynamodb/pricing/on-demand/")
STORED = Price("DynamoDB", 0.25, "GB stored", "dynamodb/pricing/on-demand/")
BACKED_UP = Price("DynamoDB", 0.20, "GB with point-in-time recovery", "dynamodb/pricing/on-demand/")
BUS_EVENT = Price("EventBridge", 1.00e-6, "events of up to 64 KB", "eventbridge/pricing/")
CLOCK = Price("EventBridge", 1.00e-6, "runs of the scheduler", "eventbridge/pricing/")
LOGGED = Price("CloudWatch", 0.50, "GB of logs", "cloudwatch/pricing/")
METRIC = Price("CloudWatch", 0.30, "metrics", "cloudwatch/pricing/")
ALARM = Price("CloudWatch", 0.10, "alarms", "cloudwatch/pricing/")
DASHBOARD = Price("CloudWatch", 3.00, "dashboards", "cloudwatch/pricing/")
SECRET = Price("Secrets Manager", 0.40, "secrets", "secrets-manager/pricing/")
KEY = Price("KMS", 1.00, "keys", "kms/pricing/")
KEY_REQUEST = Price("KMS", 3.00e-6, "requests", "kms/pricing/")

#: Up to so many metrics a dashboard is free, for three dashboards of an AWS account.
#: Source: https://aws.amazon.com/cloudwatch/pricing/, "Free tier"
FREE_DASHBOARD_METRICS = 50
