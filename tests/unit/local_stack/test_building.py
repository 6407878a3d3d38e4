"""When a build is made anew."""

from pathlib import Path

import pytest

from local_stack import building
from local_stack.locations import Locations


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("functions/receive/app.py", "layers/shared/module.py", "template.yaml"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    stamp = tmp_path / ".local/venv/ministack/stamp.json"
    stamp.parent.mkdir(parents=True)
    stamp.write_text("{}")
    return tmp_path


def fingerprint(project: Path) -> str:
    return building.fingerprint(Locations(project / ".local", project))


@pytest.mark.parametrize("name", ["functions/receive/app.py", "layers/new.py", "template.yaml"])
def test_a_changed_or_a_new_source_is_built(project: Path, name: str) -> None:
    before = fingerprint(project)
    (project / name).write_text("changed")
    assert fingerprint(project) != before


def test_bytecode_and_other_folders_do_not_matter(project: Path) -> None:
    before = fingerprint(project)
    for name in ("functions/receive/__pycache__/app.cpython-311.pyc", "tests/test_it.py"):
        (project / name).parent.mkdir(parents=True)
        (project / name).write_text("")
    assert fingerprint(project) == before


def test_another_interpreter_is_built_for(project: Path) -> None:
    before = fingerprint(project)
    (project / ".local/venv/ministack/stamp.json").write_text('{"python": "3.13.0"}')
    assert fingerprint(project) != before
