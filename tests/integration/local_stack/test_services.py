"""Processes that outlive the command that started them."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local_stack.errors import StackError
from local_stack.services import Service

SLEEPS = "import time; time.sleep(60)"
IGNORES_SIGTERM = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPS}"
STARTS_ANOTHER = (
    "import pathlib, subprocess, sys, time;"
    f"child = subprocess.Popen([sys.executable, '-c', '{SLEEPS}']);"
    "pathlib.Path('child').write_text(str(child.pid));"
    "time.sleep(60)"
)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service("The process", tmp_path / "process", tmp_path / "log")
    yield service
    service.stop()


def start(service: Service, program: str) -> None:
    service.start([sys.executable, "-c", program], os.environ)


def test_a_process_is_seen_by_every_later_command_until_it_is_stopped(service: Service) -> None:
    start(service, SLEEPS)
    another_command = Service(service.name, service.file, service.log)
    assert another_command.is_running()
    another_command.stop()
    assert not service.is_running()
    assert not service.file.exists()


def test_a_process_that_has_ended_is_not_taken_for_running(service: Service) -> None:
    start(service, "")
    assert eventually(lambda: not service.is_running())
    assert service.file.exists()  # the number in it may be another process's by now


def test_what_the_process_has_started_is_ended_with_it(service: Service, tmp_path: Path) -> None:
    start(service, STARTS_ANOTHER)
    child = tmp_path / "child"
    assert eventually(lambda: child.exists() and child.read_text() != "")
    service.stop()
    assert eventually(lambda: not is_alive(int(child.read_text())))


def test_a_process_that_has_yet_to_write_its_number_is_stopped_too(service: Service) -> None:
    """As after an interrupt that comes while it is being started."""
    for _ in range(20):
        start(service, SLEEPS)
        service.stop()
        assert not service.is_running()


def test_the_number_in_the_file_is_the_process_s_own(service: Service, tmp_path: Path) -> None:
    start(
        service,
        "import os, pathlib, time; pathlib.Path('own').write_text(str(os.getpid()));time.sleep(60)",
    )
    own = tmp_path / "own"
    assert eventually(lambda: own.exists() and own.read_text() != "")
    assert service.file.read_text() == f"{own.read_text()}\n"


def test_stopping_what_never_ran_is_harmless(service: Service) -> None:
    service.stop()


def test_waiting_ends_as_soon_as_the_process_has_ended(service: Service) -> None:
    start(service, "print('no such option')")
    with pytest.raises(StackError, match="ended at its start") as refusal:
        service.wait_until(lambda: False, seconds=30)
    assert refusal.value.log is not None
    assert refusal.value.log.read_text() == "no such option\n"


def test_waiting_has_a_limit(service: Service) -> None:
    start(service, SLEEPS)
    with pytest.raises(StackError, match="did not answer"):
        service.wait_until(lambda: False, seconds=0.2)


def test_a_process_cannot_be_started_twice(service: Service) -> None:
    start(service, SLEEPS)
    with pytest.raises(BlockingIOError):
        start(Service(service.name, service.file, service.log), SLEEPS)
    assert service.is_running()


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def is_alive(process: int) -> bool:
    """A child that nobody has waited for yet counts as ended."""
    status = Path(f"/proc/{process}/stat")
    if status.exists():
        return status.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return not Path("/proc").exists()
