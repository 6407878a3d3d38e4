import json
from pathlib import Path

import click
import pytest

from calmirror import stacks
from calmirror.main import main
from calmirror.stacks import Stack


@pytest.fixture(autouse=True)
def _nothing_named(monkeypatch):
    monkeypatch.delenv("CALMIRROR_STACK", raising=False)


def stack(**outputs):
    return Stack("mirror", None, outputs, {}, None, "")


def test_without_a_name_and_a_local_stack_the_message_says_what_to_do():
    with pytest.raises(click.ClickException, match=r"make up.*--stack"):
        stacks.find(None, None, None, Path("/"))


@pytest.mark.parametrize(("option", "wins"), [(None, "named"), ("option.json", "option")])
def test_an_option_wins_over_the_environment_and_that_over_a_local_stack(
    monkeypatch, tmp_path, option, wins
):
    monkeypatch.setenv("CALMIRROR_STACK", "named.json")
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "stack.json").write_text("not read")

    with pytest.raises(click.ClickException, match=rf"{wins}\.json describes no local stack"):
        stacks.find(option, None, None, tmp_path)


def test_the_help_says_which_stack_is_meant_without_a_name():
    (option,) = (each for each in main.params if each.name == "stack")

    assert "[default: CALMIRROR_STACK, else the local stack" in option.help


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", "{}", '{"stack_name": "x"}', "\x00", json.dumps({"stack_name": None})],
)
def test_a_broken_file_is_named_without_a_trace(tmp_path, text):
    file = tmp_path / "stack.json"
    file.write_text(text)

    with pytest.raises(click.ClickException, match=r"stack\.json describes no local stack"):
        stacks.find(str(file), None, None, tmp_path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(click.ClickException, match=r"gone\.json describes no local stack"):
        stacks.find("gone.json", None, None, tmp_path)


def test_a_local_stack_is_found_from_further_down(tmp_path):
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "stack.json").write_text("broken, but found")
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)

    with pytest.raises(click.ClickException, match="describes no local stack"):
        stacks.find(None, None, None, deep)


def test_an_output_that_is_lacking_is_named():
    assert stack(A="1").output("A") == "1"
    with pytest.raises(click.ClickException, match="'mirror' has no output B"):
        stack(A="1").output("B")


@pytest.mark.parametrize(
    ("url", "trusts"),
    [
        ("http://127.0.0.1:8000/x", False),
        ("http://localhost", False),
        ("http://[::1]:80", False),
        ("https://api.cronofy.com", True),
        ("https://127.0.0.1.example.com", True),
    ],
)
def test_only_calls_on_this_machine_pass_by_the_proxy(url, trusts):
    with stacks.http_session(url) as session:
        assert session.trust_env is trusts
