"""What others get: the wheel, installed with its dependencies where there was nothing before."""

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
SOURCES = {
    "calendar_mirror": ROOT / "layers" / "calendar_mirror" / "calendar_mirror",
    "calmirror": ROOT / "cli" / "calmirror",
}
OURS_ALONE = (
    *("console", "cronofy_simulator", "demonstration", "local_stack", "toolchain"),
    *("benchmarks", "examples", "functions", "tests"),
)
#: Imports each module of both packages; tells which of them cannot be, and why.
IMPORT_ALL = """
import calendar_mirror, calmirror, importlib, json, pkgutil
failed = {}
for package in (calendar_mirror, calmirror):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        try:
            importlib.import_module(module.name)
        except ImportError as error:
            failed[module.name] = error.name
print(json.dumps(failed))
"""


def run(*command, directory=None):
    """Run a command without what would lead Python astray; return its output."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [str(each) for each in command],
        cwd=directory,
        env=environ | {"PIP_NO_INPUT": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def output(*command, directory=None):
    done = run(*command, directory=directory)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from the tree as it stands, with the pinned tools of the development environment."""
    directory = tmp_path_factory.mktemp("wheel")
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", directory)
    output(sys.executable, "-m", "pip", "wheel", *options, ROOT)
    (built,) = directory.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory):
    """The interpreter of an environment that held nothing before the wheel."""
    environment = tmp_path_factory.mktemp("empty") / "venv"
    output(sys.executable, "-m", "venv", environment)
    python = environment / "bin" / "python"
    done = run(python, "-m", "pip", "install", "--disable-pip-version-check", "--no-compile", wheel)
    if done.returncode != 0:
        pytest.fail(f"The wheel's dependencies could not be had from a registry:\n{done.stderr}")
    return python


def listed(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def test_the_wheel_holds_both_packages_whole_and_nothing_else(wheel):
    there = {
        f"{package}/{file.relative_to(folder)}"
        for package, folder in SOURCES.items()
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }

    assert listed(wheel) == there
    assert {"calendar_mirror/py.typed", "calmirror/py.typed"} <= there


def test_building_leaves_nothing_in_the_tree(wheel):
    left = [name for name in ("build", "dist") if (ROOT / name).exists()]

    assert [*left, *ROOT.glob("*.egg-info")] == []


def test_the_command_tells_its_version(python):
    told = output(python.with_name("calmirror"), "--version")

    assert told == f"calmirror, version {PROJECT['version']}\n"


def test_the_command_works_with_the_dependencies_that_it_declares(python, tmp_path):
    command = python.with_name("calmirror")

    assert "doctor" in output(command, "--help")
    event = output(
        *(command, "sample", "change", "--secret", "secret", "--account-id", "acc_1"),
        directory=tmp_path,
    )
    assert json.loads(event)["pathParameters"] == {"account_id": "acc_1"}
    assert output(python, "-m", "pip", "check") == "No broken requirements found.\n"


def test_each_module_can_be_imported_but_the_one_that_writes_the_functions_logs(python, tmp_path):
    failed = json.loads(output(python, "-I", "-c", IMPORT_ALL, directory=tmp_path))

    assert failed == {"calendar_mirror.reporting": "aws_lambda_powertools"}


def test_the_reader_needs_the_standard_library_alone(python, tmp_path):
    program = (
        "import sys; before = {*sys.modules}; import calendar_mirror.reader; "
        "loaded = {name.partition('.')[0] for name in {*sys.modules} - before}; "
        # Python's own build settings are a module that the list leaves out: `_sysconfigdata…`.
        "print(*(each for each in loaded - sys.stdlib_module_names if each[0] != '_'))"
    )

    assert output(python, "-I", "-c", program, directory=tmp_path) == "calendar_mirror\n"


@pytest.mark.parametrize("name", OURS_ALONE)
def test_no_package_of_the_development_environment_is_installed(python, tmp_path, name):
    program = f"import importlib.util; print(importlib.util.find_spec({name!r}))"

    assert output(python, "-I", "-c", program, directory=tmp_path) == "None\n"


@pytest.mark.parametrize("name", OURS_ALONE[:5])
def test_the_development_environment_finds_the_local_packages(tmp_path, name):
    program = f"import importlib.util; print(importlib.util.find_spec({name!r}).origin)"
    found = output(sys.executable, "-I", "-c", program, directory=tmp_path)

    assert Path(found.strip()) == ROOT / "local" / name / "__init__.py"
