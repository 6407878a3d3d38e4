"""LocalStack as a process of this machine, without Docker, for as long as it is needed."""

import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_START_S = 180.0


class NotStartedError(Exception):
    """LocalStack did not become ready."""


@contextmanager
def running(python: Path, port: int, directory: Path) -> Iterator[str]:
    """Start LocalStack, hand out its address, and stop it."""
    directory.mkdir(parents=True, exist_ok=True)
    log = directory / "localstack.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [python, "-m", "localstack.runtime.main"],
            cwd=directory,
            env=_environment(port, directory),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    endpoint = f"http://127.0.0.1:{port}"
    try:
        _wait(process, endpoint, log)
        yield endpoint
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _environment(port: int, directory: Path) -> dict[str, str]:
    """Reports no usage, asks nobody for certificates or news, listens to this machine only."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(directory),
        "TMPDIR": str(directory),
        "FILESYSTEM_ROOT": str(directory / "files"),
        "GATEWAY_LISTEN": f"127.0.0.1:{port}",
        "DISABLE_EVENTS": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "API_ENDPOINT": "http://127.0.0.1:9",  # where nobody listens
    }


def _wait(process: subprocess.Popen[bytes], endpoint: str, log: Path) -> None:
    ends = time.monotonic() + _START_S
    while time.monotonic() < ends and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{endpoint}/_localstack/health", timeout=5):  # noqa: S310
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    tail = log.read_text(errors="replace").splitlines()[-5:]
    raise NotStartedError("\n    ".join(["LocalStack did not start:", *tail, f"All of it: {log}"]))
