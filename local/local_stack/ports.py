"""Free ports of the loopback interface, remembered from one time to the next."""

import json
import random
import socket
from pathlib import Path

_CHOICE = range(20_000, 32_000)
"""Below the ports that Linux and macOS give to outgoing connections: none of those takes ours."""


def choose(name: str, file: Path, rng: random.Random) -> int:
    """The port that `name` had last time, or another one where that is taken."""
    ports = _read(file)
    port = ports.get(name)
    if port is None or not _is_free(port):
        port = next(each for each in rng.sample(_CHOICE, 1000) if _is_free(each))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(ports | {name: port}))
    return port


def remembered(name: str, file: Path) -> int:
    """The port of a process that runs."""
    return _read(file)[name]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _read(file: Path) -> dict[str, int]:
    try:
        ports = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return ports if isinstance(ports, dict) else {}
