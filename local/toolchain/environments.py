"""What belongs in each environment, and whether the one on disk still is what it should be."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from toolchain import interpreters


@dataclass(frozen=True, slots=True)
class Environment:
    name: str
    purpose: str
    prefers: str | None = None
    """The Python version to take where one is on PATH; else the one that runs the toolchain."""
    holds_project: bool = False

    def directory(self, root: Path) -> Path:
        return root / ".local" / "venv" / self.name

    def python(self, root: Path) -> Path:
        return self.directory(root) / "bin" / "python"

    def requirements(self, root: Path) -> Path:
        return root / "requirements" / f"{self.name}.txt"

    def stamp(self, root: Path) -> Path:
        """Written last, so that an interrupted installation is not taken for a whole one."""
        return self.directory(root) / "stamp.json"


ENVIRONMENTS = {
    environment.name: environment
    for environment in (
        Environment("dev", "tests, checks and the command", holds_project=True),
        Environment("sam", "AWS SAM CLI"),
        Environment("ministack", "local AWS", prefers="3.13"),
        Environment("cdk", "AWS CDK, for its example; needs Node"),
        Environment("checkov", "AWS's checklists"),
        Environment("localstack", "second emulator", prefers="3.13"),
        Environment("lock", "uv, for make lock"),
    )
}
"""MiniStack runs functions under its own interpreter: Lambda's version, where there is one."""


def wanted_stamp(environment: Environment, root: Path, release: str) -> dict[str, str]:
    """A virtual environment holds absolute paths and compiled code: one folder, one release."""
    pins = environment.requirements(root).read_bytes()
    return {"pins": hashlib.sha256(pins).hexdigest(), "python": release, "root": str(root)}


def is_current(environment: Environment, root: Path, path: str) -> bool:
    stamp = _read(environment.stamp(root))
    release = stamp and interpreters.release(environment.python(root))
    if not release or stamp != wanted_stamp(environment, root, release):
        return False
    wanted = environment.prefers
    return not wanted or release.startswith(f"{wanted}.") or not interpreters.find(wanted, path)


def project_stamp(root: Path) -> str:
    """Changes when the editable installation must be made again: its metadata and folders."""
    return hashlib.sha256((root / "pyproject.toml").read_bytes()).hexdigest()


def _read(stamp: Path) -> dict[str, str] | None:
    try:
        content = json.loads(stamp.read_text())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
