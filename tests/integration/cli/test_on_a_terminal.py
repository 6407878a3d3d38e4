"""What people see: the command on a terminal of 80 columns."""

import os
import re
import sys
from pathlib import Path

import pytest

from tests.models import terminal

COLOURED = re.compile(r"\x1b\[[\d;]*m")
LEVELS = ("ok ", "warning ", "error ")


@pytest.fixture
def on_a_terminal(stack):
    """Run the command as somebody at a terminal does; return what it shows."""

    def run(*arguments, ends_with=0, **variables):
        command = [Path(sys.executable).with_name("calmirror"), *arguments]
        env = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        env |= {"TERM": "xterm-256color", **variables}
        shown = terminal.run([*command, "--stack", stack.file], columns=80, env=env, timeout_s=60)
        assert shown.exit_code == ends_with, shown.lines
        return shown

    return run


def test_a_finding_of_the_doctor_shares_its_line_with_nothing(on_a_terminal, account):
    shown = on_a_terminal("doctor", account["account_id"])

    assert "looking at: provider" in shown.written
    *found, total = [line for line in shown.lines if line]
    assert total == "Nothing is wrong."
    assert len(found) > 10
    assert [line for line in found if not line.startswith((*LEVELS, " " * 24 + "→"))] == []


@pytest.fixture
def dead_letters(stack, account):
    """Three messages that nobody can read; returns what names them."""
    for number in range(3):
        stack.client("sqs").send_message(
            QueueUrl=stack.outputs["SyncQueueUrl"],
            MessageBody='{"version": 9}',
            MessageGroupId=account["account_id"],
            MessageDeduplicationId=str(number),
        )
    stack.settle()
    return [each["message_id"] for each in stack.told("dlq", "list")]


def test_ids_can_be_copied_whole_from_80_columns(on_a_terminal, stack, account, dead_letters):
    account_id = account["account_id"]
    (channel,) = stack.told("channels", "list", account_id)
    event_uids = [each["event_uid"] for each in stack.told("events", account_id)]
    for command, wanted in (
        (("accounts", "list"), [account_id]),
        (("dlq", "list"), [account_id, *dead_letters]),
        (("events", account_id), event_uids),
        (("channels", "list", account_id), [channel["channel_id"], channel["callback_url"]]),
    ):
        shown = on_a_terminal(*command)

        for each in wanted:
            assert any(each in line.split() for line in shown.lines), (each, shown.lines)


def test_no_color_is_honoured_by_everything_that_prints(on_a_terminal, account):
    for command in (("doctor",), ("accounts", "list")):
        plain = on_a_terminal(*command, NO_COLOR="1")

        assert COLOURED.findall(plain.written) == []
        assert COLOURED.search(on_a_terminal(*command).written)
