"""`python -m cronofy_simulator`, as the local stack starts it."""

import json
import signal
import subprocess
import sys

import pytest
import requests


@pytest.fixture
def start(tmp_path):
    started = []

    def run(*arguments):
        command = [sys.executable, "-m", "cronofy_simulator", *arguments]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def address(process):
    line = process.stdout.readline()
    assert line.startswith("Cronofy simulator: http://127.0.0.1:")
    return line.split()[-1]


def test_it_says_where_it_listens_and_writes_the_port(start, tmp_path):
    port_file = tmp_path / "port"
    url = address(start("--port", "0", "--port-file", str(port_file)))

    assert url == f"http://127.0.0.1:{port_file.read_text().strip()}"
    health = requests.get(f"{url}/_control/health", timeout=10)
    assert health.json()["status"] == "ok"


def test_credentials_and_settings_come_from_the_command_line(start, tmp_path):
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps({"page_size": 7, "client_id": "overridden"}))
    url = address(
        start("--settings", str(settings), "--client-id", "mine", "--client-secret", "a,b")
    )

    shown = requests.get(f"{url}/_control/settings", timeout=10).json()
    assert shown["page_size"] == 7
    assert shown["client_id"] == "mine"
    assert shown["client_secrets"] == ["a", "b"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(start, number):
    process = start()
    address(process)
    process.send_signal(number)
    _, errors = process.communicate(timeout=10)

    assert (process.returncode, errors) == (0, "")


def test_the_same_seed_gives_the_same_ids(start):
    made = [
        requests.post(f"{address(start('--seed', '7'))}/_control/accounts", timeout=10).json()
        for _ in range(2)
    ]

    assert made[0]["account_id"] == made[1]["account_id"]
    assert made[0]["refresh_token"] == made[1]["refresh_token"]


@pytest.mark.parametrize("text", ['{"page_size": 0}', '{"no_such": 1}', "{", "[]"])
def test_settings_that_make_no_sense_are_told_and_end_it(start, tmp_path, text):
    settings = tmp_path / "settings.json"
    settings.write_text(text)
    process = start("--settings", str(settings))
    _, errors = process.communicate(timeout=10)

    assert process.returncode == 2
    assert errors.startswith("cronofy_simulator: ")
    assert "Traceback" not in errors


def test_a_port_that_is_taken_is_told_and_ends_it(start):
    port = address(start()).rpartition(":")[2]
    process = start("--port", port)
    _, errors = process.communicate(timeout=10)

    assert process.returncode == 1
    assert f"port {port}" in errors
