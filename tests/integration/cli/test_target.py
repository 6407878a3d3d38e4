"""Each command that changes something names the stack and its region before it does."""

import json

import click
import pytest

from calmirror.main import main

LOCAL = "Stack: mirror in us-east-1 (local)\n"
#: What is typed, and what stands on the standard input.
CHANGING = {
    "accounts add": (("acc_1", "--refresh-token", "-"), "token"),
    "accounts set": (("acc_1", "--all-calendars"), None),
    "accounts import": (("-", "--dry-run"), "account_id,refresh_token\n"),
    "channels check": (("--repair",), None),
    "data-center add": (("us", "--unchecked"), "new"),
    "data-center remove": (("de",), None),
    "dlq redrive": (("--all",), None),
    "erase": (("acc_1",), "n\n"),
    "notify": (("acc_1",), None),
    "pause": (("acc_1",), None),
    "resume": (("acc_1",), None),
    "sync": (("acc_1",), None),
}
LOOKING = {
    *("accounts list", "accounts show", "channels list", "connect-link", "cost", "dashboard"),
    "data-center list",
    *("dlq list", "dlq show", "doctor", "events", "explain", "status", "tail", "verify"),
    *("env", "estimate", "sample"),
}


def commands(group=main, before=()):
    """Yield the words of each command."""
    for name, found in group.commands.items():
        if isinstance(found, click.Group):
            yield from commands(found, (*before, name))
        else:
            yield " ".join((*before, name))


def test_each_command_is_known_to_change_something_or_to_look_only():
    assert {*CHANGING, *LOOKING} == set(commands())
    assert not LOOKING & set(CHANGING)


@pytest.mark.parametrize("command", CHANGING)
def test_a_command_that_changes_something_names_the_stack_first(stack, command):
    arguments, stdin = CHANGING[command]

    result = stack.run(*command.split(), *arguments, stdin=stdin)

    assert result.stderr.startswith(LOCAL)


@pytest.mark.parametrize("command", ["dlq redrive", "notify"])
def test_what_programs_read_is_json_alone(stack, command):
    result = stack.run(*command.split(), *CHANGING[command][0], "--json")

    assert result.stderr.startswith(LOCAL)
    assert json.loads(result.stdout)


def test_who_only_looks_is_not_told_of_a_target(stack, account):
    assert "Stack:" not in stack.run("channels", "check").output
