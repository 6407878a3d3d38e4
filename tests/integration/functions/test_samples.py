"""The sample events, through the whole door: what `sam local invoke` would show."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from functions.receive import app
from local_stack.provider import LOCAL_CLIENT_SECRET

EVENTS = Path(__file__).parents[3] / "events"
SAMPLES = sorted(EVENTS.glob("notification_*.json"))
#: Asks for nothing.
SILENT = "notification_verification.json"


def status(file):
    context = SimpleNamespace(aws_request_id="request-1")
    return app.handler(json.loads(file.read_text()), context)["statusCode"]


def test_there_is_one_for_each_of_the_six_types():
    assert len(SAMPLES) == 6


@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.stem)
def test_a_sample_is_accepted_where_the_local_secret_is_known(aws, file):
    aws.secrets = LOCAL_CLIENT_SECRET

    assert status(file) == 200
    assert len(aws.messages) == (file.name != SILENT)


@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.stem)
def test_a_sample_is_refused_where_only_another_secret_is_known(aws, file):
    assert status(file) == 401
    assert aws.messages == []


@pytest.mark.usefixtures("aws_that_is_away")
def test_without_an_aws_to_read_the_secret_from_the_answer_is_503():
    assert status(EVENTS / "notification_verification.json") == 503
