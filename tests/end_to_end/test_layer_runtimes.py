"""The built layer can be imported by every runtime that it says it is for."""

import os
import subprocess
from pathlib import Path

import boto3
import pytest

from local_stack import building
from local_stack.locations import PROJECT, Locations
from tests.models.template import RESOURCES
from toolchain import interpreters

LAYER = RESOURCES["CalendarMirrorLayer"]["Properties"]
RUNTIMES = [runtime.removeprefix("python") for runtime in LAYER["CompatibleRuntimes"]]
#: Where interpreters are looked for: what pyenv holds is not on PATH, but its shims are.
PYENV = sorted((Path.home() / ".pyenv" / "versions").glob("*/bin"))
AT_HAND = os.pathsep.join([os.environ["PATH"], *map(str, PYENV)])
#: What Lambda's runtimes bring themselves.
BROUGHT = ("boto3", "botocore", "jmespath", "dateutil", "s3transfer", "six.py", "urllib3")
IMPORT_ALL = """
import importlib, pkgutil, sys
sys.path[:0] = sys.argv[1:]
import calendar_mirror.reader, calendar_mirror
assert calendar_mirror.__file__.startswith(sys.argv[1]), calendar_mirror.__file__
found = pkgutil.walk_packages(calendar_mirror.__path__, "calendar_mirror.")
names = [module.name for module in found]
for name in names:
    importlib.import_module(name)
for name in ("requests", "itsdangerous", "aws_lambda_powertools"):
    assert importlib.import_module(name).__file__.startswith(sys.argv[1]), name
print(len(names))
"""


@pytest.fixture(scope="module")
def layer() -> Path:
    """The layer's folder as Lambda unpacks it."""
    locations = Locations(PROJECT / ".local")
    template = building.build(locations, building.fingerprint(locations), dict(os.environ))
    return template.parent / "CalendarMirrorLayer" / "python"


@pytest.fixture
def brought(tmp_path: Path) -> Path:
    """What stands beside the layer in Lambda."""
    packages = Path(boto3.__file__).parents[1]
    for name in BROUGHT:
        (tmp_path / name).symlink_to(packages / name)
    return tmp_path


def test_the_functions_runtime_is_one_of_them() -> None:
    assert RUNTIMES == ["3.11", "3.12", "3.13", "3.14"]


def test_the_layer_holds_nothing_that_was_compiled_for_one_machine(layer: Path) -> None:
    assert [file for file in layer.rglob("*") if file.suffix in (".so", ".pyd", ".dylib")] == []


@pytest.mark.parametrize("version", RUNTIMES)
def test_the_whole_layer_can_be_imported(version: str, layer: Path, brought: Path) -> None:
    python = interpreters.find(version, AT_HAND)
    if python is None:
        pytest.skip(f"no Python {version} is at hand: the layer was not tried with it")
    done = subprocess.run(
        [python, "-I", "-S", "-B", "-W", "error", "-c", IMPORT_ALL, layer, brought],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len([*(layer / "calendar_mirror").rglob("*.py")]) - 1
