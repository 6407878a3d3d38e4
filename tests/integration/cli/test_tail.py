"""`calmirror tail`: what the functions log, as it comes."""

import json
import time
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from calmirror import tailing
from calmirror.stacks import find
from tests.integration.cli.conftest import Environment


@pytest.fixture
def write(stack):
    """Log a line, as a function does, some seconds ago."""
    groups = {"sync": "/logs/Sync", "receive": "/logs/Receive"}
    logs = stack.client("logs")
    for group in groups.values():
        logs.create_log_stream(logGroupName=group, logStreamName="one")

    def line(function, document, seconds_ago=5):
        logs.put_log_events(
            logGroupName=groups[function],
            logStreamName="one",
            logEvents=[
                {
                    "timestamp": int((time.time() - seconds_ago) * 1000),
                    "message": json.dumps(document),
                }
            ],
        )

    return line


def read(account_id, outcome="read", reason=""):
    return {"level": "INFO", "message": outcome, "account_id": account_id, "reason": reason}


NOTIFIED = {"_aws": {}, "type": "change", "outcome": "queued", "reason": ""}


def test_lines_of_all_functions_come_in_their_order(stack, write):
    write("sync", read("acc_1"), seconds_ago=3)
    write("receive", NOTIFIED, seconds_ago=7)
    write("sync", read("acc_old"), seconds_ago=600)

    lines = stack.run("tail", "--no-follow").stdout.splitlines()

    assert [line.split()[1] for line in lines] == ["receive", "sync"]
    assert lines[1].endswith("acc_1  read")


@pytest.mark.parametrize(
    ("options", "accounts"),
    [
        ([], ["acc_1", "acc_2"]),
        (["--account", "acc_2"], ["acc_2"]),
        (["--troubles"], ["acc_2"]),
        (["--function", "receive"], []),
        (["--since", "1s"], []),
    ],
)
def test_lines_can_be_chosen(stack, write, options, accounts):
    write("sync", read("acc_1"), seconds_ago=9)
    write("sync", read("acc_2", "put_back", "Cronofy answered 503"), seconds_ago=8)

    result = stack.run("tail", "--no-follow", "--json", *options)

    assert result.exit_code == 0
    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["account_id"] for each in told] == accounts


def test_what_comes_later_is_shown_as_well_and_nothing_twice(stack: Environment, write):
    found = find(str(stack.file), None, None, stack.file)
    write("sync", read("acc_1"))

    def looks():
        for number in range(4):
            if number == 2:
                write("sync", read("acc_2"), seconds_ago=2)
            yield datetime.now(UTC) - timedelta(seconds=15)

    lines = islice(tailing.lines(found, {"sync": "/logs/Sync"}, looks()), 10)

    assert [line.account_id for line in lines] == ["acc_1", "acc_2"]


def test_a_stack_without_logs_says_so(stack):
    result = stack.run("tail", "--function", "connect")

    assert result.exit_code == 1
    assert "has no logs of these functions" in result.output
