"""The door of `receive`, whole: from API Gateway's request to the call of SQS."""

import base64
import hashlib
import hmac
import json
import time
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calendar_mirror import messages
from functions.receive import app

SECRET = "secret"
CONTEXT = SimpleNamespace(aws_request_id="request-1")
EXAMPLES = 2_000
#: Calls that reading the secrets takes as long as operators have written none.
BOTH = 2


def digest(body, secret=SECRET):
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


def written(secrets):
    return json.dumps({"us": {"client_id": "id", "client_secret": secrets}})


def body(kind="change", account_id="acc_1", **fields):
    return json.dumps(
        {
            "notification": {"type": kind, "changes_since": "2026-01-31T09:00:00Z", **fields},
            "channel": {"callback_url": f"https://example.com/notifications/{account_id}"},
        }
    ).encode()


def request(content, signature=None, *, encoded=False, name="cronofy-hmac-sha256"):
    text = base64.b64encode(content).decode() if encoded else content.decode()
    headers = {} if signature is None else {name: signature}
    return {"headers": headers, "body": text, "isBase64Encoded": encoded}


def status(event):
    return app.handler(event, CONTEXT)["statusCode"]


@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize("name", ["cronofy-hmac-sha256", "Cronofy-HMAC-SHA256"])
def test_a_signed_change_becomes_one_message_in_its_accounts_group(aws, encoded, name):
    content = body()

    assert status(request(content, digest(content), encoded=encoded, name=name)) == 200

    (sent,) = aws.messages
    assert sent["MessageGroupId"] == "acc_1"
    assert messages.decode(sent["MessageBody"]).account_id == "acc_1"


def test_the_path_of_the_request_does_not_choose_the_account(aws):
    content = body(account_id="acc_1")
    event = request(content, digest(content)) | {
        "rawPath": "/notifications/acc_2",
        "pathParameters": {"account_id": "acc_2"},
    }

    assert status(event) == 200
    assert aws.messages[0]["MessageGroupId"] == "acc_1"


def test_without_a_signature_nothing_is_called(aws):
    assert status(request(body())) == 401
    assert status(request(body(), "")) == 401
    assert aws.calls == []


def test_forged_signatures_cost_one_read_of_the_secrets_a_minute_at_most(aws):
    statuses = {status(request(body(), digest(body(), f"guess {n}"))) for n in range(50)}

    assert statuses == {401}
    assert aws.calls == ["secretsmanager.GetSecretValue"] * BOTH


def test_once_operators_have_written_the_secret_the_other_is_not_read(aws):
    aws.written = written("theirs")
    content = body()

    assert status(request(content, digest(content, "theirs"))) == 200
    assert status(request(content, digest(content))) == 401
    assert aws.calls.count("secretsmanager.GetSecretValue") == 1


@pytest.mark.parametrize("rotated", ["secrets", "written"])
def test_a_secret_that_was_rotated_is_found_by_reading_again(aws, rotated):
    content = body()
    assert status(request(content, digest(content))) == 200
    setattr(aws, rotated, "next,secret" if rotated == "secrets" else written("next,secret"))
    app.secrets().monotonic = lambda: time.monotonic() + 61

    assert status(request(content, digest(content, "next"))) == 200
    reads = BOTH + (BOTH if rotated == "secrets" else 1)
    assert aws.calls.count("secretsmanager.GetSecretValue") == reads


@pytest.mark.parametrize(
    ("operators", "deploy"),
    [("nonsense", "secret"), ("{}", ","), ('{"de": {"client_id": "id"}}', "secret")],
)
def test_secrets_that_cannot_be_used_make_cronofy_come_again(aws, operators, deploy, capsys):
    """A 401 to a genuine notification would, within a day, close its channel."""
    aws.written, aws.secrets = operators, deploy
    content = body()

    assert status(request(content, digest(content))) == 503
    assert "is not of the form" in json.loads(capsys.readouterr().out)["reason"]


@pytest.mark.parametrize(
    "content",
    [
        body("verification"),
        body("profile_connected"),
        b'{"notification": {"type": "change"}}',
        b"not json",
        b"",
    ],
)
def test_what_asks_for_nothing_is_acknowledged_without_a_message(aws, content, capsys):
    assert status(request(content, digest(content))) == 200
    assert aws.messages == []
    line = json.loads(capsys.readouterr().out)
    assert line["Notifications"] == 1
    assert line["outcome"] in ("acknowledged", "ignored")


def test_a_body_over_a_sane_size_is_refused_before_it_is_verified(aws):
    content = b"x" * (256 * 1024 + 1)

    assert status(request(content, digest(content))) == 413
    assert aws.calls == []


@pytest.mark.parametrize("trouble", [["503"], ["500", "500"], ["reset"], ["429"]])
def test_trouble_that_passes_is_not_noticed(aws, trouble):
    content = body()
    status(request(content, digest(content)))
    aws.trouble = trouble

    assert status(request(content, digest(content))) == 200
    assert len(aws.messages) == 2
    ids = {sent["MessageDeduplicationId"] for sent in aws.messages}
    assert len(ids) <= 2


@pytest.mark.parametrize("always", ["500", "400", "403", "hang", "reset"])
def test_a_queue_that_refuses_or_hangs_gives_503_within_the_budget(aws, always):
    aws.always = always
    content = body()
    began = time.monotonic()

    assert status(request(content, digest(content))) == 503
    assert time.monotonic() - began < 4


@pytest.mark.usefixtures("aws_that_is_away")
def test_an_aws_that_cannot_be_reached_gives_503():
    content = body()

    assert status(request(content, digest(content))) == 503


signatures = (
    st.text(max_size=60)
    | st.binary(max_size=40).map(lambda raw: base64.b64encode(raw).decode())
    | st.sampled_from(["", ",", ",,", " ", "\x00", "\udcff", digest(b"another body")])
)
bodies = (
    st.binary(max_size=300)
    | st.sampled_from([body(), body("verification"), b"", b"null", b"{}", b"[" * 3000])
    | st.builds(lambda cut: body()[:cut], st.integers(0, len(body())))
    | st.builds(lambda text: json.dumps(text).encode(), st.text(max_size=50))
    | st.builds(
        lambda kind, url: json.dumps(
            {"notification": {"type": kind}, "channel": {"callback_url": url}}
        ).encode(),
        st.none() | st.integers() | st.text(max_size=10) | st.sampled_from(["change"]),
        st.none() | st.text(max_size=30) | st.just("https://x/notifications/acc_1"),
    )
    | st.sampled_from([b"x" * 300_000])
)
names = st.sampled_from(
    ["cronofy-hmac-sha256", "Cronofy-HMAC-SHA256", "CRONOFY-HMAC-SHA256", "x-other", "cronofy-hmac"]
)


@st.composite
def hostile(draw):
    """A request, and whether one of its digests is of its body as it arrives."""
    content = draw(bodies)
    headers = {draw(names): draw(st.none() | signatures) for _ in range(draw(st.integers(0, 3)))}
    valid = draw(st.booleans())
    if valid:
        junk = draw(st.lists(signatures, max_size=3))
        headers["Cronofy-Hmac-Sha256"] = ",".join([*junk, digest(content), *junk])
    manner = draw(st.sampled_from(["base64", "text", "wrong base64", "no body"]))
    event = {"headers": headers, "isBase64Encoded": manner in ("base64", "wrong base64")}
    if manner == "base64":
        event["body"] = base64.b64encode(content).decode()
    elif manner == "text":
        event["body"] = content.decode("utf-8", "replace")
        valid = valid and event["body"].encode() == content
    elif manner == "wrong base64":
        event["body"] = "%%%" + draw(st.text(max_size=5))
        valid = valid and content == b""
    else:
        valid = valid and content == b""
    if draw(st.booleans()) and not headers:
        event["headers"] = None
    return event, valid


def test_2000_hostile_requests_never_fail_and_never_send_an_unsigned_message(aws):
    tried = []

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(hostile())
    def attack(case):
        event, valid = case
        before = len(aws.messages)
        tried.append(found := status(event))
        assert found in (200, 401, 413)
        sent = len(aws.messages) - before
        assert sent <= 1
        if not valid:
            assert sent == 0
            assert found in (401, 413)
        elif found != 413:
            assert found == 200

    attack()
    assert len(tried) >= EXAMPLES
    assert set(tried) == {200, 401, 413}
    assert aws.calls.count("secretsmanager.GetSecretValue") <= 2 * BOTH
