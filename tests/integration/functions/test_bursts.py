"""What a burst of notifications costs: the door, a faithful queue, the worker."""

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from calendar_mirror import instants, messages, receive
from calendar_mirror.client_secrets import ClientSecrets
from calendar_mirror.credentials import ClientCredentials
from functions.receive import app
from tests.models.mirror import Mirror

CONTEXT = SimpleNamespace(aws_request_id="request-1")
BURST = 200


def signed(changes_since):
    content = json.dumps(
        {
            "notification": {"type": "change", "changes_since": changes_since},
            "channel": {"callback_url": "https://example.com/notifications/acc_1"},
        }
    ).encode()
    digest = hmac.digest(b"secret", content, "sha256")
    return content, base64.b64encode(digest).decode()


def deliver(mirror, parameters):
    """Put on the queue what was sent to SQS."""
    mirror.queue.send(
        group=parameters["MessageGroupId"],
        body=parameters["MessageBody"],
        deduplication_id=parameters["MessageDeduplicationId"],
    )


def since(number, *, distinct, now):
    """The changes of a burst are dated within the minute before it, in no order."""
    return instants.to_text(now - timedelta(seconds=number * 7 % 60 if distinct else 60))


@pytest.mark.parametrize("distinct", [False, True])
def test_200_notifications_within_a_second_cost_two_reads_at_most(aws, distinct):
    now = datetime.now(UTC)
    for number in range(BURST):
        content, signature = signed(since(number, distinct=distinct, now=now))
        event = {"headers": {"cronofy-hmac-sha256": signature}, "body": content.decode()}
        assert app.handler(event, CONTEXT) == {"statusCode": 200}
    buckets = {messages.decode(sent["MessageBody"]).stands_until for sent in aws.messages}

    mirror = Mirror(delay_s=2.0)
    mirror.clock.at = datetime.now(UTC) - timedelta(minutes=30)  # its token is still good
    mirror.connect()
    for parameters in aws.messages:
        mirror.clock.at = messages.decode(parameters["MessageBody"]).received_at
        deliver(mirror, parameters)
    mirror.settle()

    # Within a second that is two at most; a busy machine may take longer for them.
    assert 1 <= len(mirror.provider.reads()) <= len(buckets)
    assert mirror.events.writes == 0


@pytest.mark.parametrize("distinct", [False, True])
@pytest.mark.parametrize("spread_s", [0.5, 3.0, 20.0])
def test_a_burst_costs_a_read_for_each_bucket_that_it_spans_and_one_more(distinct, spread_s):
    mirror = Mirror(delay_s=2.0)
    mirror.connect()
    secrets = ClientSecrets(lambda: {"us": ClientCredentials("id", ("secret",))}, lambda: 0.0)
    mirror.clock.turn(0.3)
    began, buckets = mirror.clock(), set()

    def send(message):
        buckets.add(message.stands_until)
        deliver(mirror, messages.to_send(message, queue_url="", unique=""))

    for number in range(BURST):
        mirror.clock.at = began + timedelta(seconds=spread_s * number / BURST)
        content, signature = signed(since(number, distinct=distinct, now=began))
        receive.admit(
            content,
            signature,
            secrets=secrets,
            send=send,
            received_at=mirror.clock(),
            merge=timedelta(seconds=1),
        )
        mirror.drain()
    mirror.settle()

    assert len(mirror.provider.reads()) <= len(buckets) <= spread_s + 2
