"""Admitting one notification: what is verified, what is sent, what is answered."""

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest

from calendar_mirror import receive
from calendar_mirror.client_secrets import ClientSecrets
from calendar_mirror.credentials import ClientCredentials
from calendar_mirror.errors import AwsCallError, SettingsError
from calendar_mirror.messages import Kind
from calendar_mirror.receive import MAX_BODY_BYTES, Outcome

NOON = datetime(2026, 1, 31, 12, 0, 0, 250_000, tzinfo=UTC)


class Desk:
    """Secrets of two data centers that can be rotated and counted, and a queue that can refuse."""

    def __init__(self):
        self.kept, self.reads, self.clock = {"us": ("ours",), "de": ("theirs",)}, 0, 0.0
        self.sent, self.refusal, self.trouble = [], None, None
        self.secrets = ClientSecrets(self.read, lambda: self.clock)

    def read(self):
        self.reads += 1
        if self.trouble:
            raise self.trouble
        return {name: ClientCredentials("id", secrets) for name, secrets in self.kept.items()}

    def send(self, message):
        if self.refusal:
            raise self.refusal
        self.sent.append(message)

    def admit(self, body, signature):
        return receive.admit(
            body,
            signature,
            secrets=self.secrets,
            send=self.send,
            received_at=NOON,
            merge=timedelta(seconds=1),
        )


@pytest.fixture
def desk():
    return Desk()


def body(kind="change", **fields):
    return json.dumps(
        {
            "notification": {"type": kind, "changes_since": "2026-01-31T11:59:00Z", **fields},
            "channel": {"callback_url": "https://example.com/notifications/acc_1"},
        }
    ).encode()


def signed(content, *secrets):
    digests = [hmac.digest(secret.encode(), content, "sha256") for secret in secrets or ("ours",)]
    return content, ",".join(base64.b64encode(digest).decode() for digest in digests)


def test_a_change_is_queued_with_its_receipt_and_its_buckets_end(desk):
    receipt = desk.admit(*signed(body()))

    assert (receipt.outcome, receipt.type, receipt.status) == (Outcome.QUEUED, "change", 200)
    (message,) = desk.sent
    assert (message.account_id, message.kind, message.cause) == ("acc_1", Kind.DELTA, "change")
    assert message.changes_since == datetime(2026, 1, 31, 11, 59, tzinfo=UTC)
    assert (message.received_at, message.stands_until) == (
        NOON,
        NOON.replace(second=1, microsecond=0),
    )


@pytest.mark.parametrize("secrets", [("ours",), ("theirs",), ("unknown", "ours")])
def test_any_secret_of_any_data_center_will_do(desk, secrets):
    assert desk.admit(*signed(body(), *secrets)).status == 200
    assert desk.reads == 1


@pytest.mark.parametrize("signature", [None, "", "x", ",", signed(b"another")[1]])
def test_what_is_not_signed_is_refused_and_not_looked_into(desk, signature):
    receipt = desk.admit(body(), signature)

    assert (receipt.type, receipt.status) == ("none", 401)
    assert desk.sent == []


def test_a_wrong_signature_is_told_from_none_at_all(desk):
    """Anybody's scanner sends none; wrong ones, and no other, tell of the wrong client secret."""
    assert desk.admit(body(), signed(b"another")[1]).outcome is Outcome.FORGED
    assert desk.admit(body(), None).outcome is Outcome.UNSIGNED
    assert desk.reads == 1


def test_either_side_may_rotate_first(desk):
    desk.kept = {"us": ("new", "old")}
    assert desk.admit(*signed(body(), "old")).status == 200
    assert desk.admit(*signed(body(), "new")).status == 200

    cronofy_first = Desk()
    cronofy_first.kept = {"us": ("old",)}
    assert cronofy_first.admit(*signed(body(), "old", "new")).status == 200
    cronofy_first.clock = 60.0
    cronofy_first.kept = {"us": ("new",)}
    assert cronofy_first.admit(*signed(body(), "new")).status == 200


def test_forgeries_cause_one_reading_of_the_secrets_a_minute(desk):
    for second in range(180):
        desk.clock = float(second)
        assert desk.admit(body(), "forged").status == 401

    assert desk.reads == 3


def test_a_secret_that_was_taken_away_stops_working(desk):
    assert desk.admit(*signed(body())).status == 200
    desk.kept, desk.clock = {"us": ("new",)}, 300.0

    assert desk.admit(*signed(body())).status == 401


@pytest.mark.parametrize("trouble", [AwsCallError("no answer"), SettingsError("of another form")])
def test_without_secrets_cronofy_is_asked_to_come_again(desk, trouble):
    desk.trouble = trouble

    receipt = desk.admit(*signed(body()))

    assert (receipt.outcome, receipt.status) == (Outcome.UNAVAILABLE, 503)
    assert desk.sent == []


def test_a_queue_that_refuses_makes_cronofy_come_again(desk):
    desk.refusal = AwsCallError("status 500")

    receipt = desk.admit(*signed(body()))

    assert (receipt.outcome, receipt.status, receipt.reason) == (
        Outcome.UNAVAILABLE,
        503,
        "status 500",
    )


def test_forgeries_do_not_notice_that_secrets_cannot_be_read_again(desk):
    desk.admit(*signed(body()))
    desk.trouble, desk.clock = AwsCallError("no answer"), 61.0

    assert desk.admit(body(), "forged").status == 401
    assert desk.admit(*signed(body())).status == 200


@pytest.mark.parametrize(
    ("content", "outcome", "kind", "reason"),
    [
        (body("verification"), Outcome.ACKNOWLEDGED, "verification", ""),
        (body("a type to come"), Outcome.IGNORED, "unknown", "unknown_type"),
        (b'{"notification": {"type": "change"}}', Outcome.IGNORED, "none", "no_channel"),
        (b"nonsense", Outcome.IGNORED, "none", "not_json"),
        (b"", Outcome.IGNORED, "none", "not_json"),
    ],
)
def test_genuine_traffic_gets_200_whatever_it_says(desk, content, outcome, kind, reason):
    receipt = desk.admit(*signed(content))

    assert receipt == receive.Receipt(outcome, kind, reason)
    assert receipt.status == 200
    assert desk.sent == []


def test_the_largest_body_is_taken_and_a_larger_one_costs_nothing(desk):
    assert desk.admit(*signed(b"x" * MAX_BODY_BYTES)).status == 200
    reads = desk.reads

    assert desk.admit(*signed(b"x" * (MAX_BODY_BYTES + 1))).status == 413
    assert desk.reads == reads
