"""When an environment is made anew."""

import json
import sys
from pathlib import Path

import pytest

from toolchain import environments
from toolchain.environments import Environment

RELEASE = "{}.{}.{}".format(*sys.version_info)
TOOL = Environment("tool", "a tool")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    pins = TOOL.requirements(tmp_path)
    pins.parent.mkdir()
    pins.write_text("tool==1\n")
    TOOL.python(tmp_path).parent.mkdir(parents=True)
    TOOL.python(tmp_path).symlink_to(sys.executable)
    stamp(tmp_path)
    return tmp_path


def stamp(root: Path) -> None:
    wanted = environments.wanted_stamp(TOOL, root, RELEASE)
    TOOL.stamp(root).write_text(json.dumps(wanted))


def test_an_environment_is_kept_while_nothing_has_changed(root: Path) -> None:
    assert environments.is_current(TOOL, root, path="")


def test_changed_pins_make_it_anew(root: Path) -> None:
    TOOL.requirements(root).write_text("tool==2\n")
    assert not environments.is_current(TOOL, root, path="")


def test_an_interrupted_installation_is_made_anew(root: Path) -> None:
    TOOL.stamp(root).unlink()
    assert not environments.is_current(TOOL, root, path="")


def test_an_interpreter_that_is_gone_makes_it_anew(root: Path) -> None:
    TOOL.python(root).unlink()
    assert not environments.is_current(TOOL, root, path="")


def test_a_project_that_was_moved_makes_it_anew(root: Path) -> None:
    moved = root.rename(root.with_name("moved"))
    assert not environments.is_current(TOOL, moved, path="")


def test_a_preferred_version_that_is_not_to_be_had_is_done_without(root: Path) -> None:
    choosy = Environment("tool", "a tool", prefers="3.2")
    assert environments.is_current(choosy, root, path="")


def test_new_metadata_is_installed_and_a_new_package_needs_nothing(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    before = environments.project_stamp(tmp_path)
    (tmp_path / "local" / "tool").mkdir(parents=True)
    (tmp_path / "local" / "tool" / "__init__.py").write_text("")
    assert environments.project_stamp(tmp_path) == before
    (tmp_path / "pyproject.toml").write_text("[project]")
    assert environments.project_stamp(tmp_path) != before
