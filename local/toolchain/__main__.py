"""`python -m toolchain dev sam`: makes those environments where they are missing or out of date."""

import fcntl
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from toolchain.environments import ENVIRONMENTS, Environment, is_current
from toolchain.installation import InstallationError, Installer
from toolchain.progress import Progress

ROOT = Path(__file__).resolve().parents[2]


def main(names: Sequence[str]) -> int:
    wanted = [ENVIRONMENTS[name] for name in names]
    installer = Installer(ROOT, os.environ.get("PATH", ""))
    try:
        with _one_at_a_time():
            stale = [each for each in wanted if not is_current(each, ROOT, installer.path)]
            if stale:
                _install(installer, stale)
            for environment in wanted:
                if environment.holds_project:
                    installer.install_project(environment)
    except InstallationError as failure:
        print(_explanation(failure), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "\nInterrupted; the next run starts the unfinished installations anew.", file=sys.stderr
        )
        return 130
    return 0


def _install(installer: Installer, environments: Sequence[Environment]) -> None:
    with Progress(sys.stderr, live=sys.stderr.isatty()) as progress:

        def install(environment: Environment) -> None:
            task = f"{environment.name} ({environment.purpose})"
            progress.begin(task)
            word = "failed:"
            try:
                installer.install(environment)
                word = "installed"
            finally:
                progress.end(task, word)

        with ThreadPoolExecutor(max_workers=len(environments)) as pool:
            list(pool.map(install, environments))


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two make targets started together must not install over each other."""
    lock = ROOT / ".local" / "venv" / ".lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _explanation(failure: InstallationError) -> str:
    try:
        tail = failure.log.read_text(errors="replace").strip().splitlines()[-5:]
    except OSError:
        tail = []
    return "\n".join(
        [
            f"Could not install the tools: {failure.step} failed. The last lines of its output:",
            *(f"    {line}" for line in tail),
            f"All of it: {failure.log}",
            "If the package index could not be reached: set up pip for your network",
            "(pip config, PIP_INDEX_URL, proxies), then type the same command again.",
        ]
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
