"""Making an environment: venv, then pip with hashes, each with its output in a log file."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from toolchain import interpreters
from toolchain.environments import Environment, project_stamp, wanted_stamp

_UNWANTED = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIRE_VIRTUALENV")
"""They send packages elsewhere. Indexes, proxies and certificates are the caller's business."""


class InstallationError(Exception):
    """An environment could not be made. Says which step, and where its output is."""

    def __init__(self, step: str, log: Path) -> None:
        super().__init__(f"{step} failed")
        self.step = step
        self.log = log


@dataclass(frozen=True, slots=True)
class Installer:
    root: Path
    path: str

    def install(self, environment: Environment) -> None:
        log = self._log(environment.name)
        python = environment.python(self.root)
        interpreter = self._interpreter(environment)
        environment.stamp(self.root).unlink(missing_ok=True)
        directory = environment.directory(self.root)
        self._run(log, [interpreter, "-I", "-m", "venv", "--clear", directory])
        pins = environment.requirements(self.root)
        self._pip(log, python, "--require-hashes", "--no-deps", "--no-compile", "-r", pins)
        release = interpreters.release(python)
        if release is None:
            raise InstallationError(f"starting {python}", log)
        stamp = wanted_stamp(environment, self.root, release)
        environment.stamp(self.root).write_text(json.dumps(stamp))

    def install_project(self, environment: Environment) -> None:
        """The project itself, editable. Left alone while `pyproject.toml` is the same."""
        stamp = environment.directory(self.root) / "project.stamp"
        wanted = project_stamp(self.root)
        if stamp.exists() and stamp.read_text() == wanted:
            return
        editable = ("--no-build-isolation", "--no-deps", "--no-index", "--editable", ".")
        self._pip(self._log("project"), environment.python(self.root), *editable)
        stamp.write_text(wanted)

    def _interpreter(self, environment: Environment) -> Path:
        preferred = environment.prefers and interpreters.find(environment.prefers, self.path)
        return preferred or Path(sys.executable)

    def _pip(self, log: Path, python: Path, *arguments: str | Path) -> None:
        install = ("-I", "-m", "pip", "install", "--no-user", "--no-input", "--progress-bar=off")
        self._run(log, [python, *install, *arguments])

    def _run(self, log: Path, command: list[str | Path]) -> None:
        clean = {name: value for name, value in os.environ.items() if name not in _UNWANTED}
        with log.open("a") as output:
            output.write(f"$ {' '.join(map(str, command))}\n")
            output.flush()
            done = subprocess.run(
                command,
                cwd=self.root,
                env=clean,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        if done.returncode != 0:
            raise InstallationError(" ".join(map(str, command[1:4])), log)

    def _log(self, name: str) -> Path:
        log = self.root / ".local" / "log" / f"install-{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("")
        return log
