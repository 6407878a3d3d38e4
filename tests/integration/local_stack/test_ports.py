"""Ports that are free, and the same the next time."""

import random
import socket
from pathlib import Path

from local_stack import ports


def listening(port: int) -> socket.socket:
    server = socket.create_server(("127.0.0.1", port))
    server.listen()
    return server


def test_a_port_is_remembered(tmp_path: Path) -> None:
    file = tmp_path / "new" / "ports.json"
    first = ports.choose("aws", file, random.Random(1))
    assert ports.choose("aws", file, random.Random(2)) == first
    assert ports.remembered("aws", file) == first


def test_a_port_that_is_taken_meanwhile_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    first = ports.choose("aws", file, random.Random(1))
    with listening(first):
        second = ports.choose("aws", file, random.Random(1))
    assert second != first
    assert ports.remembered("aws", file) == second


def test_each_name_has_its_own_port(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    aws = ports.choose("aws", file, random.Random(1))
    simulator = ports.choose("simulator", file, random.Random(2))
    assert {ports.remembered("aws", file), ports.remembered("simulator", file)} == {aws, simulator}


def test_a_broken_file_is_written_anew(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    file.write_text("{")
    assert ports.choose("aws", file, random.Random(1)) == ports.remembered("aws", file)
