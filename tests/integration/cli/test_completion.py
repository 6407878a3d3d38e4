"""What the shell suggests: account ids of the stack, and nothing at all where it is not reached."""

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from calmirror import completion
from calmirror.main import main

COMMAND = Path(sys.executable).with_name("calmirror")
SHELLS = {"bash": "complete -o nosort -F", "zsh": "compdef", "fish": "complete --no-files"}


def suggested(*words):
    """Return what is suggested for the last of *words*."""
    complete = ShellComplete(main, {}, "calmirror", "_CALMIRROR_COMPLETE")
    return [item.value for item in complete.get_completions([*words[:-1]], words[-1])]


def parameters(command, path=("calmirror",)):
    """Return each parameter of each command, with the words that lead to it."""
    for parameter in command.params:
        yield (*path, parameter.name), parameter
    for name, each in getattr(command, "commands", {}).items():
        yield from parameters(each, (*path, name))


ABOUT_AN_ACCOUNT = {
    " ".join(path): parameter
    for path, parameter in parameters(main)
    if (parameter.name or "") in ("account_id", "account_ids", "account_or_message")
}


@pytest.fixture
def ids(stack):
    made = ["acc_567236000909001", "acc_567236000909002", "acc_9"]
    table = stack.outputs["AccountsTableName"]
    for each in made:
        stack.dynamodb.put_item(TableName=table, Item={"account_id": each})
    return made


@pytest.fixture
def silent():
    """A server that takes connections and never answers; return its address and the connections."""
    taken = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def take():
            while True:
                try:
                    taken.append(server.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=take)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", taken
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
    for connection in taken:
        connection.close()


def stack_file(directory, endpoint):
    file = directory / "stack.json"
    described = {"stack_name": "mirror", "aws_endpoint_url": endpoint, "region": "us-east-1"}
    file.write_text(json.dumps(described))
    return str(file)


@pytest.mark.parametrize("path", ABOUT_AN_ACCOUNT)
def test_wherever_an_account_is_named_its_id_is_completed(path):
    custom = ABOUT_AN_ACCOUNT[path]._custom_shell_complete  # noqa: SLF001

    assert custom is completion.account_ids


def test_there_are_such_places():
    assert len(ABOUT_AN_ACCOUNT) > 15


def test_all_accounts_of_the_stack_are_suggested(stack, ids):
    assert suggested("sync", "--stack", str(stack.file), "") == ids
    assert suggested("--stack", str(stack.file), "accounts", "show", "") == ids


def test_what_was_typed_narrows_them_down(stack, ids):
    assert suggested("--stack", str(stack.file), "verify", "acc_567") == ids[:2]
    assert suggested("--stack", str(stack.file), "tail", "--account", "acc_9") == ids[2:]


def test_the_local_stack_is_taken_where_one_is_up(stack, ids, monkeypatch):
    monkeypatch.chdir(stack.file.parents[1])

    assert suggested("pause", "acc_") == ids


def test_options_and_commands_are_suggested_as_well():
    assert "--full" in suggested("sync", "--")
    assert suggested("acc") == ["accounts"]


def test_a_stack_that_is_not_up_suggests_nothing_and_says_nothing(tmp_path, capfd):
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]

    assert suggested("--stack", stack_file(tmp_path, f"http://127.0.0.1:{free}"), "sync", "") == []
    assert capfd.readouterr() == ("", "")


def test_without_any_stack_nothing_is_suggested(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CALMIRROR_STACK", raising=False)

    assert suggested("sync", "") == []
    assert capfd.readouterr() == ("", "")


def test_without_credentials_nothing_is_suggested(tmp_path, monkeypatch, capfd):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    assert suggested("--stack", "mirror", "--region", "us-east-1", "sync", "") == []
    assert suggested("--stack", "mirror", "--profile", "none", "sync", "") == []
    assert capfd.readouterr() == ("", "")


def test_nobody_waits_for_a_stack_that_does_not_answer(tmp_path, silent):
    endpoint, taken = silent

    assert suggested("--stack", stack_file(tmp_path, endpoint), "sync", "") == []
    assert len(taken) == 1  # the first call still waits; no time-out of its own has ended it


@pytest.mark.parametrize("shell", SHELLS)
def test_the_command_prints_the_script_for_each_shell(shell):
    done = subprocess.run(
        [COMMAND],
        env={"PATH": os.environ["PATH"], "_CALMIRROR_COMPLETE": f"{shell}_source"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert SHELLS[shell] in done.stdout
    assert f"_CALMIRROR_COMPLETE={shell}_complete" in done.stdout


def test_bash_is_told_the_ids(stack, ids):
    words = f"calmirror --stack {stack.file} explain acc_9"
    done = subprocess.run(
        [COMMAND],
        env={"_CALMIRROR_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": "4"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert (done.stdout, done.stderr) == ("plain,acc_9\n", "")
