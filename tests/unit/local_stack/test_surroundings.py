"""The environment that processes of the stack get, out of a dirty one."""

from pathlib import Path

from local_stack import surroundings
from local_stack.locations import Locations

DIRTY = {
    "PATH": "/usr/bin",
    "HOME": "/home/someone",
    "AWS_PROFILE": "production",
    "AWS_ACCESS_KEY_ID": "AKIAREAL",
    "AWS_SESSION_TOKEN": "real",
    "AWS_ENDPOINT_URL": "https://elsewhere.example",
    "PYTHONPATH": "/somewhere/else",
    "PYTHONHOME": "/broken",
    "MAKEFLAGS": "n",
    "SAM_CLI_CONTAINER": "1",
    "PERSIST_STATE": "1",
    "CRONOFY_CLIENT_SECRET": "real",
    "PIP_INDEX_URL": "https://index.example/simple",
    "HTTPS_PROXY": "http://proxy.example:3128",
    "NO_PROXY": "intranet.example",
    "SSL_CERT_FILE": "/etc/ssl/corporate.pem",
}


def test_nothing_of_the_callers_aws_python_or_make_settings_passes() -> None:
    found = surroundings.plain(DIRTY)
    assert not {name for name in found if name.startswith(("AWS_", "MAKE", "SAM_", "CRONOFY_"))}
    assert {name for name in found if name.startswith("PYTHON")} == {"PYTHONUNBUFFERED"}
    assert "PERSIST_STATE" not in found


def test_the_aws_tools_see_only_the_local_account() -> None:
    found = surroundings.for_aws_tools(DIRTY)
    assert found["AWS_ACCESS_KEY_ID"] == "test"
    assert "AWS_PROFILE" not in found
    assert "AWS_SESSION_TOKEN" not in found
    assert found["AWS_CONFIG_FILE"] == found["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"


def test_proxies_and_certificates_pass_but_the_loopback_needs_no_proxy() -> None:
    found = surroundings.plain(DIRTY)
    assert found["HTTPS_PROXY"] == "http://proxy.example:3128"
    assert found["SSL_CERT_FILE"] == "/etc/ssl/corporate.pem"
    assert found["NO_PROXY"] == found["no_proxy"] == "intranet.example,127.0.0.1,localhost"


def test_the_build_has_pips_settings_and_the_projects_own_python_first() -> None:
    found = surroundings.for_sam(DIRTY, Locations(Path("/stack"), Path("/project")))
    assert found["PIP_INDEX_URL"] == "https://index.example/simple"
    assert found["PATH"].split(":")[0] == "/project/.local/venv/dev/bin"
    assert found["PATH"].endswith(":/usr/bin")
    assert found["SAM_CLI_TELEMETRY"] == "0"
