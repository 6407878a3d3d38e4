"""Every command that a page, or the command itself, recommends exists and takes these options."""

import re
import shlex
from pathlib import Path

import click
import pytest

from calmirror.main import main

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
MODULES = sorted((ROOT / "cli" / "calmirror").rglob("*.py"))

_IN_TEXT = re.compile(r"`calmirror ([^`]+)`")
_IN_BLOCKS = re.compile(r"^(?:\S*/)?calmirror ([^#\n]+?)(?:\s+#.*)?$", re.MULTILINE)
#: What stands for something else in a message of the command's own.
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


def in_page(file):
    text = file.read_text()
    return {*_IN_TEXT.findall(text), *_IN_BLOCKS.findall(text)}


def in_module(file):
    """Text literals are joined where the formatter has cut them."""
    text = re.sub(r'"\s*\n\s*f?"', "", file.read_text())
    return {_PLACEHOLDER.sub("X", each) for each in _IN_TEXT.findall(text)}


def complaint(line):
    """Say what is wrong with a command line; ``None``: nothing."""
    words = shlex.split(re.split(r" [>|]", line)[0])
    command, context = main, click.Context(main, info_name="calmirror")
    try:
        while isinstance(command, click.Group):
            words = command.make_parser(context).parse_args(list(words))[1]
            if not words:
                return None
            name, *words = words
            found = command.get_command(context, name)
            if found is None:
                return f"there is no command {name!r}"
            command, context = found, click.Context(found, parent=context, info_name=name)
        command.make_parser(context).parse_args(list(words))
    except click.UsageError as error:
        return error.message
    return None


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_each_command_of_a_page_exists(file):
    wrong = {line: said for line in sorted(in_page(file)) if (said := complaint(line))}

    assert wrong == {}


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.stem)
def test_each_command_that_the_command_recommends_exists(file):
    wrong = {line: said for line in sorted(in_module(file)) if (said := complaint(line))}

    assert wrong == {}


def test_commands_are_found_where_they_stand():
    assert len(in_page(ROOT / "docs" / "operations.md")) > 20
    assert sum(len(in_module(file)) for file in MODULES) > 30


@pytest.mark.parametrize(
    "line",
    ["docter", "dlq redirve --all", "dlq redrive --alll", "--stak x status", "accounts sho X"],
)
def test_a_command_that_does_not_exist_is_found(line):
    assert complaint(line)


def test_the_eleven_broken_situations_are_told_with_what_finds_and_what_mends_them():
    page = (ROOT / "docs" / "operations.md").read_text()
    section = page.partition("## Eleven broken situations")[2].partition("\n## ")[0]
    rows = [line.split(" | ") for line in section.splitlines() if line.startswith("| ")][2:]

    assert len(rows) == 11
    assert all("`calmirror " in row[1] for row in rows)
    assert all(row[3].strip(" |") for row in rows)
