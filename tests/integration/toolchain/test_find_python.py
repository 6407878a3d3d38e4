"""Which interpreter is taken, out of a PATH that may mislead."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from toolchain import interpreters

SCRIPT = Path(interpreters.__file__).with_name("find-python")
VERSION = "{}.{}".format(*sys.version_info)
REAL = Path(sys.base_prefix, "bin", f"python{VERSION}")


@pytest.fixture
def shims(tmp_path: Path) -> Path:
    """Programs named like interpreters, which fail as a version manager's do without a version."""
    for name in ("python3", f"python{VERSION}", "python3.13"):
        shim = tmp_path / name
        shim.write_text("#!/bin/sh\necho 'version is not installed' >&2\nexit 127\n")
        shim.chmod(0o755)
    return tmp_path


def find(path: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": path}
    return subprocess.run(
        ["/bin/sh", SCRIPT], env=environ, capture_output=True, text=True, check=False
    )


def test_a_shim_that_fails_is_passed_over(shims: Path) -> None:
    found = find(f"{shims}:{REAL.parent}")
    assert found.returncode == 0, found.stderr
    assert Path(found.stdout.strip()).resolve() == REAL.resolve()


def test_without_any_python_the_message_says_what_to_install(shims: Path) -> None:
    found = find(str(shims))
    assert found.returncode == 1
    assert "No Python 3.11 or newer" in found.stderr
    assert found.stdout == ""


def test_directories_with_spaces_are_looked_into(tmp_path: Path) -> None:
    directory = tmp_path / "with a space"
    directory.mkdir()
    (directory / "python3").symlink_to(REAL)
    assert find(str(directory)).returncode == 0


def test_a_version_is_found_by_running_and_not_by_name(shims: Path) -> None:
    path = os.pathsep.join([str(shims), str(REAL.parent)])
    found = interpreters.find(VERSION, path)
    assert found is not None
    assert interpreters.release(found) == "{}.{}.{}".format(*sys.version_info)
    assert interpreters.find("3.2", path) is None
    assert interpreters.release(shims / "python3") is None
