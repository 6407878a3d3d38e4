"""The door of `receive`, started cold, with an AWS of the test's."""

import pytest

from functions.receive import app
from tests.models import aws as aws_model


def start_cold(monkeypatch, url):
    environ = {
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": "us-east-1",
        "AWS_URL_SUFFIX": "amazonaws.com",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "key",
        "CLIENT_SECRETS_ARN": "written-by-operators",
        "INITIAL_CREDENTIALS_ARN": "written-by-the-deploy",
        "CRONOFY_DATA_CENTER": "us",
        "SYNC_QUEUE_URL": f"{url}/queue.fifo",
        "MERGE_SECONDS": "1",
        "POWERTOOLS_METRICS_NAMESPACE": "CalendarMirror",
        "METRICS": "essential",
        "POWERTOOLS_SERVICE_NAME": "stack",
    }
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    for cached in (app.configuration, app.secrets, app.service):
        cached.cache_clear()


@pytest.fixture
def aws(monkeypatch):
    with aws_model.running() as running:
        start_cold(monkeypatch, running.url)
        yield running
        for name, version in (("sqs", "1.0"), ("secretsmanager", "1.1")):
            app.service(name, version).close()


@pytest.fixture
def aws_that_is_away(monkeypatch):
    start_cold(monkeypatch, aws_model.unused_url())
