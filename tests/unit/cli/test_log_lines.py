"""What `calmirror tail` makes of what the functions log."""

import io
import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from aws_lambda_powertools import Logger, Metrics

from calendar_mirror import emf, receive
from calendar_mirror.reporting import Reporter
from calendar_mirror.reports import Outcome, Report
from calmirror import log_lines

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MILLISECONDS = int(NOW.timestamp() * 1000)


def logged(report):
    """Return the line that `sync` logs of *report*."""
    stream = io.StringIO()
    logger = Logger(service=uuid4().hex, stream=stream)
    Reporter(logger, Metrics(namespace="N", service="s"), chosen=())(report)
    return stream.getvalue().splitlines()[-1]


def read(function, message):
    return log_lines.read(function, MILLISECONDS, message)


def test_a_read_says_what_it_did_for_which_account_and_how_fresh_it_is():
    counts = {"messages": 2, "written": 3, "deleted": 1, "pages": 1, "calls": 4, "unchanged": 0}

    line = read("sync", logged(Report("acc_1", Outcome.READ, "", counts, freshness_s=3.21)))

    assert (line.at, line.account_id, line.is_trouble) == (NOW, "acc_1", False)
    assert line.said == (
        "read: 3 written, 1 deleted, 2 messages, 1 page, 4 calls, fresh after 3.2 s"
    )


@pytest.mark.parametrize("outcome", [Outcome.PUT_BACK, Outcome.NEEDS_USER, Outcome.DEAD_LETTERED])
def test_what_could_not_be_done_is_trouble_and_says_why(outcome):
    line = read("sync", logged(Report("acc_1", outcome, "Cronofy answered 503", {"messages": 1})))

    assert line.is_trouble
    assert "Cronofy answered 503" in line.said


@pytest.mark.parametrize("outcome", list(receive.Outcome))
def test_a_notification_says_what_became_of_it(outcome):
    text = emf.line(
        {},
        chosen=(),
        service="mirror",
        dimensions={"type": "change", "outcome": outcome},
        properties={"reason": "because"},
        namespace="CalendarMirror",
        now=NOW,
    )

    line = read("receive", text)

    assert line.said == f"notification change: {outcome} (because)"
    assert line.is_trouble == (receive.Receipt(outcome).status >= 400)


@pytest.mark.parametrize(
    "text",
    [
        "START RequestId: 1 Version: $LATEST",
        "END RequestId: 1",
        "REPORT RequestId: 1\tDuration: 1 ms",
        json.dumps({"_aws": {}, "service": "mirror", "Reads": [1.0]}),
        "",
        "[1, 2]",
    ],
)
def test_what_tells_nothing_is_left_out(text):
    assert read("sync", text) is None


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T12:00:00Z 1 Task timed out after 120.00 seconds\n",
        "[ERROR] Runtime.ImportModuleError: no module\nTraceback (most recent call last):\n  File",
    ],
)
def test_what_lambda_says_of_a_function_that_failed_is_trouble_in_one_line(text):
    line = read("sync", text)

    assert line.is_trouble
    assert line.said == text.splitlines()[0]


def test_an_exception_is_named_without_its_trace():
    document = {
        "level": "ERROR",
        "message": "it failed",
        "exception_name": "KeyError",
        "exception": "Traceback\n  File",
    }

    line = read("connect", json.dumps(document))

    assert (line.said, line.is_trouble) == ("it failed: KeyError", True)


def test_the_clock_and_the_feed_have_a_line_of_their_own():
    asked = {"level": "INFO", "message": "asked", "accounts": 7}
    told = {"level": "INFO", "message": "published", "records": 3, "entries": 2}

    assert read("reconcile", json.dumps(asked)).said == "asked for 7 accounts"
    assert read("publish", json.dumps(told)).said == "published: 2 of 3"
