"""Tools that are run to their end."""

import os
import sys
from pathlib import Path

import pytest

from local_stack import commands
from local_stack.errors import StackError
from local_stack.services import Service


def tool(directory: Path) -> Service:
    return Service("The tool", directory / "tool" / "process", directory / "log" / "tool.log")


def run(directory: Path, program: str) -> None:
    commands.run(
        tool(directory),
        [sys.executable, "-c", program],
        environ=os.environ,
        directory=directory,
        advice="Mend it.",
    )


def test_the_output_goes_to_the_log(tmp_path: Path) -> None:
    run(tmp_path, "print('done')")
    assert (tmp_path / "log" / "tool.log").read_text() == "done\n"


def test_a_failure_tells_what_failed_where_its_output_is_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="The tool failed") as failure:
        run(tmp_path, "import sys; sys.exit('no such bucket')")
    assert failure.value.advice == "Mend it."
    assert failure.value.log == tmp_path / "log" / "tool.log"
    assert failure.value.log.read_text() == "no such bucket\n"
