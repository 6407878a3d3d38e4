"""The local stack itself: comes up whole, stays as it is, goes away without a trace."""

import base64
import hmac
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from local_stack import aws
from local_stack.stack import Stack

RunLocalStack = Callable[..., CompletedProcess[str]]


def post(stack: Stack, body: bytes, secret: str) -> int:
    signature = base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()
    return requests.post(
        stack.notifications_url.replace("{account_id}", "acc_1"),
        data=body,
        headers={"Cronofy-HMAC-SHA256": signature},
        timeout=10,
    ).status_code


def connect(stack: Stack, account: dict[str, Any]) -> None:
    """Put an account of the simulator's in place, as an operator does."""
    command = (Path(sys.executable).with_name("calmirror"), "accounts", "add")
    where = ("--stack", Path(stack.logs).with_name("stack.json"))
    done = subprocess.run(
        [*command, account["account_id"], "--refresh-token", "-", *where],
        input=account["refresh_token"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def rows_of(stack: Stack, account_id: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = aws.client("dynamodb", stack.aws_endpoint_url).query(
        TableName=stack.outputs["EventsTableName"],
        KeyConditionExpression="pk = :account",
        ExpressionAttributeValues={":account": {"S": account_id}},
    )["Items"]
    return rows


def test_a_signed_notification_is_accepted_and_a_forged_one_is_not(stack: Stack) -> None:
    body = b'{"notification":{"type":"verification"}}'
    assert post(stack, body, stack.client_secret) == 200
    assert post(stack, body, "another secret") == 401


def test_a_change_in_the_calendar_reaches_the_table(stack: Stack) -> None:
    """Through the simulator's signed notification, the API, the queue and both functions."""
    control = f"{stack.cronofy_api_url}/_control/accounts"
    account = requests.post(control, json={"calendars": 1}, timeout=5).json()
    connect(stack, account)
    _wait_until(lambda: _channel_is_open(stack, account["account_id"]))

    made = requests.post(
        f"{control}/{account['account_id']}/events", json={"summary": "Lunch"}, timeout=5
    ).json()["events"][0]
    _wait_until(lambda: bool(rows_of(stack, account["account_id"])))
    (row,) = rows_of(stack, account["account_id"])
    assert row["sk"] == {"S": f"{made['calendar_id']}#{made['event_uid']}"}
    assert row["event"]["M"]["summary"] == {"S": "Lunch"}


def test_the_notifications_url_is_what_the_functions_build_callbacks_from(stack: Stack) -> None:
    assert stack.notifications_url == stack.outputs["NotificationsUrl"]
    assert stack.notifications_url.endswith("/notifications/{account_id}")


def test_the_functions_run_with_no_more_than_their_role_grants(stack: Stack) -> None:
    """`receive` cannot read the accounts table, so a stolen door opens nothing."""
    functions = aws.client("lambda", stack.aws_endpoint_url).list_functions()["Functions"]
    role = next(each["Role"] for each in functions if "Receive" in each["FunctionName"])
    credentials = aws.client("sts", stack.aws_endpoint_url).assume_role(
        RoleArn=role, RoleSessionName="test"
    )["Credentials"]
    session = aws.session(
        credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]
    )
    accounts = session.client("dynamodb", endpoint_url=stack.aws_endpoint_url)
    with pytest.raises(accounts.exceptions.ClientError, match="AccessDenied"):
        accounts.scan(TableName=stack.outputs["AccountsTableName"])


def test_every_port_is_closed_to_other_machines(stack: Stack) -> None:
    own_address = _address_of_this_machine()
    for url in (stack.aws_endpoint_url, stack.cronofy_api_url, stack.console_url):
        port = urlsplit(url).port or 0
        assert _connects("127.0.0.1", port)
        assert own_address is None or not _connects(own_address, port)


def test_a_second_up_changes_nothing_and_down_leaves_nothing(
    tmp_path: Path, run_local_stack: RunLocalStack
) -> None:
    try:
        first = run_local_stack("up", tmp_path)
        assert first.returncode == 0, first.stdout
        before = (tmp_path / "stack.json").read_bytes()
        processes = sorted(file.read_text() for file in tmp_path.glob("stack/*/process"))

        second = run_local_stack("up", tmp_path)
        assert second.returncode == 0, second.stdout
        assert "sam deploy" not in second.stdout
        assert (tmp_path / "stack.json").read_bytes() == before
        assert sorted(f.read_text() for f in tmp_path.glob("stack/*/process")) == processes
        assert run_local_stack("status", tmp_path).returncode == 0
    finally:
        down = run_local_stack("down", tmp_path)
    assert down.returncode == 0
    assert not (tmp_path / "stack.json").exists()
    assert not (tmp_path / "stack").exists()
    for url in (json.loads(before)["aws_endpoint_url"], json.loads(before)["cronofy_api_url"]):
        assert not _connects("127.0.0.1", urlsplit(url).port or 0)
    assert run_local_stack("status", tmp_path).returncode == 1


def test_a_failure_names_the_step_and_the_log_and_leaves_no_process(
    tmp_path: Path, run_local_stack: RunLocalStack
) -> None:
    failed = run_local_stack("up", tmp_path, "--merge-seconds", "7")  # a value not allowed
    assert failed.returncode == 1
    assert "sam deploy failed" in failed.stdout
    assert str(tmp_path / "log" / "sam-deploy.log") in failed.stdout
    assert not (tmp_path / "stack").exists()
    ports = json.loads((tmp_path / "ports.json").read_text())
    assert not any(_connects("127.0.0.1", port) for port in ports.values())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_up_leaves_no_process_after_down(
    tmp_path: Path, run_local_stack: RunLocalStack, number: signal.Signals
) -> None:
    """In the midst of the deploy. Of SIGKILL nothing can be tidied up but by `down`."""
    up = subprocess.Popen(
        [sys.executable, "-m", "local_stack", "up", "--dir", tmp_path],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deploy = tmp_path / "stack" / "sam-deploy" / "process"
    try:
        _wait_until(lambda: deploy.exists() and deploy.read_text().endswith("\n"), seconds=120)
        groups = [int(file.read_text()) for file in tmp_path.glob("stack/*/process")]
        running = [_lives(group) for group in groups]
        up.send_signal(number)
        up.wait(timeout=60)
        if number != signal.SIGKILL:
            assert not (tmp_path / "stack").exists()
    finally:
        up.kill()
        up.wait()
        down = run_local_stack("down", tmp_path)
    assert running == [True] * 3  # MiniStack, the simulator, sam deploy
    assert down.returncode == 0
    assert (number == signal.SIGKILL) == ("is down" in down.stdout)
    assert not any(_lives(group) for group in groups)
    assert not (tmp_path / "stack").exists()


def _lives(group: int) -> bool:
    """A process that has ended, and that the system has yet to forget, does not count."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pgid=,stat="], capture_output=True, text=True, check=True
    ).stdout
    states = [words[1] for words in map(str.split, listed.splitlines()) if words[0] == str(group)]
    return any(not state.startswith("Z") for state in states)


def _channel_is_open(stack: Stack, account_id: str) -> bool:
    """The first read has gone through: it creates the channel before it ends."""
    item = aws.client("dynamodb", stack.aws_endpoint_url).get_item(
        TableName=stack.outputs["AccountsTableName"], Key={"account_id": {"S": account_id}}
    )["Item"]
    return "S" in item.get("channel_id", {}) and "S" in item.get("last_read_started_at", {})


def _wait_until(fact: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, f"not so after {seconds} seconds"
        time.sleep(0.1)


def _connects(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((host, port)) == 0


def _address_of_this_machine() -> str | None:
    """Sends nothing: a datagram socket only looks up which address it would send from."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address: str = probe.getsockname()[0]
    return None if address.startswith("127.") else address
