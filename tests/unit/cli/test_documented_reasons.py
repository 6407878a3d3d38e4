"""Each reason by which a page chooses dead letters is one that the code writes."""

import ast
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from calendar_mirror import answers
from calendar_mirror.answers import Answer
from calendar_mirror.errors import UnexpectedAnswerError
from calmirror import letters

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LAYER = ROOT / "layers" / "calendar_mirror" / "calendar_mirror"
#: Those whose message `sync` writes beside a dead letter (see the tree in `errors`).
WRITTEN = {"UnexpectedAnswerError", "MalformedMessageError"}
#: Raised where a user connects: no message waits there.
ELSEWHERE = {"connect.py"}
_IN_COMMANDS = re.compile(r'--reason "([^"]+)"')
_IN_TABLE = re.compile(r"^\| `([^`]+)` \|", re.M)


def documented():
    """Return each reason that a page names, with the page."""
    runbook = (ROOT / "docs" / "runbooks" / "dead-letters.md").read_text()
    named = {(each, "dead-letters.md") for each in _IN_TABLE.findall(runbook)}
    return sorted(
        named
        | {(each, page.name) for page in PAGES for each in _IN_COMMANDS.findall(page.read_text())}
    )


def pattern(node):
    """Return what the text of *node* looks like, whatever stands in its places; or ``None``."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return pattern(node.func.value)  # "…".rstrip()
    if isinstance(node, ast.Constant):
        return re.escape(str(node.value))
    if isinstance(node, ast.JoinedStr):
        return "".join(
            re.escape(part.value) if isinstance(part, ast.Constant) else ".*"
            for part in node.values
        )
    return None


def written():
    """Return the pattern of each reason that the code can write."""
    found = {re.escape(letters._BY_SQS)}  # noqa: SLF001
    for file in sorted(LAYER.glob("**/*.py")):
        if file.name in ELSEWHERE:
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in WRITTEN:
                found.add(pattern(node.args[0]))
            if isinstance(node, ast.FunctionDef) and node.name == "_decoded":
                returned = (each.value for each in ast.walk(node) if isinstance(each, ast.Return))
                found |= {pattern(value) for value in returned if isinstance(value, ast.Constant)}
    return found - {None}


def is_written(reason):
    """Tell whether a reason that the code writes can have *reason* in it, from its beginning."""
    return any(
        re.fullmatch(each, reason) or re.fullmatch(each.removesuffix(r"\ .*"), reason)
        for each in written()
    )


@pytest.mark.parametrize(("reason", "page"), documented())
def test_a_documented_reason_is_one_that_the_code_writes(reason, page):
    assert is_written(reason), f"{page}: no dead letter has the reason {reason!r}"


def test_reasons_are_found_on_both_sides():
    assert {page for _, page in documented()} >= {"operations.md", "dead-letters.md"}
    assert len(written()) > 10
    assert not is_written("Read Events answered 418")
    assert not is_written("something else")


def test_the_example_is_what_the_code_makes_of_such_an_answer():
    with pytest.raises(UnexpectedAnswerError, match=r"^Cronofy answered 418$"):
        answers.refuse(Answer(418, b"", None, datetime(2026, 1, 31, tzinfo=UTC)))
