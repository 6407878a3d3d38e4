"""`stack.json`, which others read."""

import json
from pathlib import Path

import pytest

from local_stack import stack
from local_stack.stack import Stack

STACK = Stack(
    aws_endpoint_url="http://127.0.0.1:1",
    region="us-east-1",
    stack_name="calendar-mirror",
    notifications_url="http://127.0.0.1:1/notifications/{account_id}",
    cronofy_api_url="http://127.0.0.1:2",
    console_url="http://127.0.0.1:3",
    client_id="id",
    client_secret="secret",
    aws_access_key_id="test",
    aws_secret_access_key="test",
    outputs={"EventsTableName": "events"},
    logs="/logs",
)


def test_what_is_written_is_read_again_and_is_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "stack.json"
    STACK.write(file)
    assert stack.read(file) == STACK
    assert file.stat().st_mode & 0o077 == 0


def test_the_names_of_the_public_contract_are_in_it(tmp_path: Path) -> None:
    STACK.write(tmp_path / "stack.json")
    document = json.loads((tmp_path / "stack.json").read_text())
    assert set(document) >= {
        *("aws_endpoint_url", "region", "stack_name", "notifications_url"),
        *("cronofy_api_url", "console_url", "client_id", "client_secret"),
    }


def test_later_versions_may_add_names(tmp_path: Path) -> None:
    file = tmp_path / "stack.json"
    STACK.write(file)
    file.write_text(json.dumps(json.loads(file.read_text()) | {"new": 1}))
    assert stack.read(file) == STACK


def test_a_file_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text("{}")
    with pytest.raises(KeyError):
        stack.read(tmp_path / "stack.json")
