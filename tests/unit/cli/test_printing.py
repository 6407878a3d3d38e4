import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from calmirror import printing

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "0 s ago"),
        (0, "0 s ago"),
        (119, "119 s ago"),
        (120, "2 min ago"),
        (7199, "119 min ago"),
        (7200, "2 h ago"),
        (2 * 86400, "2 d ago"),
    ],
)
def test_an_age_is_said_in_one_unit(seconds, said):
    assert printing.age(NOON - timedelta(seconds=seconds), NOON) == said


def test_what_never_happened_has_no_age():
    assert printing.age(None, NOON) == "never"


def test_json_holds_times_as_the_contract_spells_them_and_numbers_as_numbers(capsys):
    printing.document({"at": NOON, "whole": Decimal(7), "part": Decimal("0.5"), "none": None})

    assert json.loads(capsys.readouterr().out) == {
        "at": "2026-01-31T12:00:00Z",
        "whole": 7,
        "part": 0.5,
        "none": None,
    }


def test_json_keeps_text_as_it_is(capsys):
    printing.document({"summary": "Über \x1b[31m"})

    assert json.loads(capsys.readouterr().out) == {"summary": "Über \x1b[31m"}


def test_a_row_stays_one_line_where_no_screen_bounds_it(capsys):
    printing.table([{"name": "x" * 500, "more": "y" * 500}], ("name", "more"), empty="")

    head, line = capsys.readouterr().out.splitlines()
    assert head.split() == ["name", "more"]
    assert line.split() == ["x" * 500, "y" * 500]


def test_an_empty_table_says_so(capsys):
    printing.table([], (), empty="No event.")

    assert capsys.readouterr().out == "No event.\n"


@pytest.mark.parametrize("text", ["\x1b[2J", "a\nb", "\x9b1m", "\u202eevil", "[bold]"])
def test_what_others_wrote_does_not_steer_the_terminal(capsys, text):
    printing.table([{"summary": text}], ("summary",), empty="")
    printing.record({"summary": text})

    out = capsys.readouterr().out
    assert all(character.isprintable() for character in out.replace("\n", ""))
    assert len(out.splitlines()) == 3
    if text == "[bold]":
        assert out.count(text) == 2


def test_only_one_module_draws_on_the_terminal_so_that_no_color_holds_everywhere():
    package = Path(printing.__file__).parent
    drawing = re.compile(r"\bConsole\(|\bStatus\(|rich\.print|from rich\.console")

    assert [file.name for file in package.rglob("*.py") if drawing.search(file.read_text())] == [
        "printing.py"
    ]
