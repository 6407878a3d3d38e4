"""The requirements files that the environments are made from."""

import re
from pathlib import Path

import pytest

from toolchain.environments import ENVIRONMENTS

ROOT = Path(__file__).resolve().parents[3]
LAYER = ROOT / "layers" / "calendar_mirror" / "requirements.txt"
FILES = [LAYER, *(each.requirements(ROOT) for each in ENVIRONMENTS.values())]


def pins(file: Path) -> dict[str, str]:
    return dict(re.findall(r"^([A-Za-z0-9_.-]+)==([^ \n]+)", file.read_text(), re.MULTILINE))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_requirement_is_pinned_and_hashed_and_names_no_host(file: Path) -> None:
    text = file.read_text()
    requirements = re.findall(r"^[^\s#].*(?:\n[ ]+--hash=\S+.*)*", text, re.MULTILINE)
    assert requirements
    assert all("==" in each and "--hash=sha256:" in each for each in requirements)
    assert "://" not in text


def test_the_tests_run_against_the_versions_that_the_layer_ships() -> None:
    development = pins(ENVIRONMENTS["dev"].requirements(ROOT))
    assert {name: development.get(name) for name in pins(LAYER)} == pins(LAYER)
