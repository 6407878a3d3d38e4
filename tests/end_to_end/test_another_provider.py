"""`CRONOFY_API_URL=… make up`: the stack with a server that is not its own simulator."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from demonstration import sight

RunLocalStack = Callable[..., CompletedProcess[str]]
CLIENT = {"CRONOFY_CLIENT_ID": "another-client", "CRONOFY_CLIENT_SECRET": "another-secret"}


@pytest.fixture
def another_provider(tmp_path: Path) -> Iterator[str]:
    port_file = tmp_path / "port"
    command = [sys.executable, "-m", "cronofy_simulator", "--port-file", str(port_file)]
    credentials = ["--client-id", "another-client", "--client-secret", "another-secret"]
    with subprocess.Popen([*command, *credentials], stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 20
        while not (port_file.exists() and port_file.read_text().strip()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port_file.read_text().strip()}"
        process.terminate()


def test_a_stack_mirrors_the_calendars_of_another_server(
    tmp_path: Path, another_provider: str, run_local_stack: RunLocalStack
) -> None:
    directory = tmp_path / "stack"
    try:
        up = run_local_stack("up", directory, CRONOFY_API_URL=another_provider, **CLIENT)
        assert up.returncode == 0, up.stdout
        looking = sight.at(directory / "stack.json")
        assert looking.stack.cronofy_api_url == another_provider
        account = looking.calendar.new_account("acc_elsewhere", ["Home"])
        looking.calendar.create(account.account_id, {"summary": "elsewhere", "count": 5})
        watch = looking.watch(account.account_id)
        first = watch.until_equal(lambda: looking.put_in_place(account), lambda _: None)
        later = watch.until_equal(
            lambda: looking.calendar.create(account.account_id, {"summary": "one more"}),
            lambda _: None,
        )
    finally:
        run_local_stack("down", directory)
    assert (first.writes, later.writes) == (5, 1)
