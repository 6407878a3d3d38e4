from datetime import UTC, datetime

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import get_current_datetime
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from calendar_mirror import sigv4
from calendar_mirror.sigv4 import AwsCredentials

words = st.text("abcdefgXYZ0189-_./ ", min_size=1, max_size=30).map(str.strip).filter(bool)


@given(
    body=st.binary(max_size=200),
    target=words,
    key=words,
    secret=st.text("abcXYZ0189+/", min_size=1, max_size=40),
    token=st.none() | st.text("abcXYZ0189+/=", min_size=1, max_size=60),
    host=st.sampled_from(["sqs.eu-central-1.amazonaws.com", "127.0.0.1:4566"]),
)
def test_the_signature_is_botocores(body, target, key, secret, token, host):
    headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": target}
    request = AWSRequest("POST", f"http://{host}/", headers=dict(headers), data=body)
    SigV4Auth(Credentials(key, secret, token), "sqs", "eu-central-1").add_auth(request)
    stamp = request.context["timestamp"]

    ours = sigv4.sign(
        headers,
        body,
        host=host,
        region="eu-central-1",
        service="sqs",
        credentials=AwsCredentials(key, secret, token),
        now=datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC),
    )

    assert ours["authorization"] == request.headers["Authorization"]
    assert ours["x-amz-date"] == request.headers["X-Amz-Date"]
    assert ours.get("x-amz-security-token") == token


def test_the_clock_of_the_comparison_is_in_utc():
    assert abs(datetime.now(UTC).replace(tzinfo=None) - get_current_datetime()).total_seconds() < 5
