"""Door of `receive`: unwraps API Gateway's request, admits the notification, wraps the answer."""

import base64
import binascii
import os
import time
from datetime import UTC, datetime, timedelta
from functools import cache

from calendar_mirror import (
    aws_json,
    client_secrets,
    emf,
    measures,
    messages,
    receive,
    settings,
    signatures,
)
from calendar_mirror.sigv4 import AwsCredentials

#: Seconds for all tries of reading the secrets, and for those of sending the message. Both and the
#: start of a cold function together stay under the 5 after which Cronofy counts it as failed.
CALL_BUDGET_S = 1.8


def handler(event, context):
    began = time.monotonic()
    receipt = receive.admit(
        body_of(event),
        signature_of(event),
        secrets=secrets(),
        send=lambda message: send(message, unique=context.aws_request_id),
        received_at=datetime.now(UTC),
        merge=timedelta(seconds=configuration().merge_seconds),
    )
    report(receipt, milliseconds=(time.monotonic() - began) * 1000)
    return {"statusCode": receipt.status}


def body_of(event):
    """Return the body byte for byte: API Gateway encodes what is not text in base64."""
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return body.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body)
    except (binascii.Error, ValueError):
        return b""  # no signature fits what API Gateway cannot have sent


def signature_of(event):
    """Return every value of the signature's header, however it is spelled, in one list."""
    headers = event.get("headers") or {}
    wanted = signatures.HEADER.lower()
    values = [value for name, value in headers.items() if name.lower() == wanted and value]
    return ",".join(map(str, values))


@cache
def configuration():
    return settings.from_environ(settings.ReceiveSettings, os.environ)


@cache
def secrets():
    return client_secrets.ClientSecrets(read_secrets, time.monotonic)


def read_secrets():
    ends, configured = time.monotonic() + CALL_BUDGET_S, configuration()

    def text(arn):
        answer = service("secretsmanager", "1.1").call(
            "secretsmanager.GetSecretValue",
            {"SecretId": arn},
            budget_s=ends - time.monotonic(),
        )
        return answer.get("SecretString", "")

    return client_secrets.StoredSecrets(
        text,
        configured.client_secrets_arn,
        configured.initial_credentials_arn,
        configured.cronofy_data_center,
    ).read()


def send(message, *, unique):
    parameters = messages.to_send(message, queue_url=configuration().sync_queue_url, unique=unique)
    service("sqs", "1.0").call("AmazonSQS.SendMessage", parameters, budget_s=CALL_BUDGET_S)


@cache
def service(name, json_version):
    region, suffix = configuration().aws_region, configuration().aws_url_suffix
    endpoint = os.environ.get("AWS_ENDPOINT_URL") or f"https://{name}.{region}.{suffix}"
    return aws_json.AwsService(
        endpoint=endpoint,
        service=name,
        region=region,
        content_type=f"application/x-amz-json-{json_version}",
        credentials=lambda: AwsCredentials(
            os.environ["AWS_ACCESS_KEY_ID"],
            os.environ["AWS_SECRET_ACCESS_KEY"],
            os.environ.get("AWS_SESSION_TOKEN"),
        ),
    )


def report(receipt, *, milliseconds):
    """Write one line: what became of this notification, with the metrics that are chosen."""
    print(
        emf.line(
            receive.measured(receipt, milliseconds),
            chosen=measures.chosen(configuration().metrics),
            service=configuration().powertools_service_name,
            dimensions={"type": receipt.type, "outcome": receipt.outcome},
            properties={"reason": receipt.reason},
            namespace=configuration().powertools_metrics_namespace,
            now=datetime.now(UTC),
        )
    )
