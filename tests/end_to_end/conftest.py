"""A deployed stack of the tests' own: the real template, enforced IAM, the simulator."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local_stack import stack as stack_file
from local_stack.stack import Stack

RunLocalStack = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """With the template's own settings."""
    with _running(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="session")
def stack_without_merging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with _running(tmp_path_factory.mktemp("unmerged"), "--merge-seconds", "0") as running:
        yield running


@pytest.fixture(scope="session")
def run_local_stack() -> RunLocalStack:
    """`run_local_stack("up", directory, *options)`, for tests of the local stack itself."""
    return _run_local_stack


@contextmanager
def _running(directory: Path, *options: str) -> Iterator[Stack]:
    try:
        up = _run_local_stack("up", directory, *options)
        assert up.returncode == 0, up.stdout
        yield stack_file.read(directory / "stack.json")
    finally:
        _run_local_stack("down", directory)


def _run_local_stack(
    command: str, directory: Path, *options: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run it as make does, with both outputs in `stdout`."""
    environ = {name: value for name, value in os.environ.items() if "CRONOFY" not in name}
    return subprocess.run(
        [sys.executable, "-m", "local_stack", command, "--dir", directory, *options],
        env=environ | variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
