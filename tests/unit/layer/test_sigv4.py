from datetime import UTC, datetime, timedelta, timezone

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from calendar_mirror import sigv4
from calendar_mirror.sigv4 import AwsCredentials

names = st.text("abcXYZ-", min_size=1, max_size=12).map(lambda name: f"x-{name}")
values = st.text("abcdefgXYZ0189-_./  ", min_size=1, max_size=30)
zones = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))
times = st.builds(
    lambda after, zone: (datetime(2000, 1, 1, tzinfo=UTC) + after).astimezone(zone),
    st.timedeltas(timedelta(0), timedelta(days=36_500)),
    zones,
)


def botocores(headers, body, *, host, credentials, now):
    """Sign as `SigV4Auth.add_auth` does, at a time of ours."""
    request = AWSRequest("POST", f"http://{host}/", headers=dict(headers), data=body)
    request.context["timestamp"] = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    auth = SigV4Auth(credentials, "sqs", "eu-central-1")
    request.headers["X-Amz-Date"] = request.context["timestamp"]
    if credentials.token:
        request.headers["X-Amz-Security-Token"] = credentials.token
    to_sign = auth.string_to_sign(request, auth.canonical_request(request))
    return auth.signature(to_sign, request), auth.scope(request)


@given(
    headers=st.dictionaries(names, values, max_size=4),
    body=st.binary(max_size=200),
    key=st.text("ABCXYZ0189", min_size=1, max_size=20),
    secret=st.text("abcXYZ0189+/", min_size=1, max_size=40),
    token=st.none() | st.text("abcXYZ0189+/=", min_size=1, max_size=60),
    host=st.sampled_from(["sqs.eu-central-1.amazonaws.com", "127.0.0.1:4566"]),
    now=times,
)
def test_the_signature_is_botocores(headers, body, key, secret, token, host, now):
    headers = {name.lower(): value for name, value in headers.items()}
    signature, scope = botocores(
        headers, body, host=host, credentials=Credentials(key, secret, token), now=now
    )

    ours = sigv4.sign(
        headers,
        body,
        host=host,
        region="eu-central-1",
        service="sqs",
        credentials=AwsCredentials(key, secret, token),
        now=now,
    )

    assert ours["authorization"].startswith(f"AWS4-HMAC-SHA256 Credential={scope}, Sig")
    assert ours["authorization"].endswith(f"Signature={signature}")
    assert ours.get("x-amz-security-token") == token


def test_the_request_says_when_it_was_signed_and_by_which_headers():
    ours = sigv4.sign(
        {"X-Amz-Target": "AmazonSQS.SendMessage"},
        b"{}",
        host="example.com",
        region="r",
        service="s",
        credentials=AwsCredentials("key", "secret"),
        now=datetime(2026, 1, 31, 9, tzinfo=timezone(timedelta(hours=1))),
    )

    assert ours["x-amz-date"] == "20260131T080000Z"
    assert "SignedHeaders=host;x-amz-date;x-amz-target, " in ours["authorization"]
    assert ours["x-amz-target"] == "AmazonSQS.SendMessage"
