"""Unit tests reach nothing outside the process."""

import sys
from collections.abc import Iterator

import pytest

_refusing = False


def _refuse(event: str, args: tuple[object, ...]) -> None:
    if _refusing and event in ("socket.connect", "socket.getaddrinfo"):
        raise RuntimeError(f"a unit test asked for the network: {event}")


sys.addaudithook(_refuse)  # cannot be taken away again, but is told when to be quiet


@pytest.fixture(autouse=True)
def _no_network() -> Iterator[None]:
    global _refusing
    _refusing = True
    yield
    _refusing = False
