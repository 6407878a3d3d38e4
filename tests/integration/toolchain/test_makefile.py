"""What the make targets hand on to the tools: of the caller's settings, those for the network."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def environment_of_a_target(**variables: str) -> dict[str, str]:
    done = subprocess.run(
        ["make", "--silent", "--no-print-directory", "-f", "-", "show"],
        cwd=ROOT,
        input="include Makefile\nshow:\n\t@env\n",
        env={"PATH": os.environ["PATH"]} | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)


@pytest.mark.parametrize(
    "name",
    [
        "AWS_PROFILE",
        "AWS_ENDPOINT_URL",
        "PYTHONPATH",
        "PYTHONHOME",
        "PYTEST_ADDOPTS",
        "SAM_CLI_CONTAINER_CONNECTION_TIMEOUT",
        "VIRTUAL_ENV",
    ],
)
def test_a_setting_for_another_project_does_not_reach_the_tools(name: str) -> None:
    assert name not in environment_of_a_target(**{name: "anything"})


@pytest.mark.parametrize("name", ["PIP_INDEX_URL", "HTTPS_PROXY", "SSL_CERT_FILE", "AWS_CA_BUNDLE"])
def test_a_setting_for_the_network_reaches_the_tools(name: str) -> None:
    assert environment_of_a_target(**{name: "value"})[name] == "value"


def test_bytecode_is_kept_out_of_the_folders_that_sam_packs() -> None:
    prefix = environment_of_a_target(PYTHONPYCACHEPREFIX="/elsewhere")["PYTHONPYCACHEPREFIX"]
    assert Path(prefix) == ROOT / ".local" / "cache" / "bytecode"
