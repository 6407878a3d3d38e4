"""`sam build`, left out where the sources are those of an earlier build."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local_stack import commands, processes, surroundings
from local_stack.locations import Locations

_SOURCES = ("template.yaml", "functions", "layers")
_KEPT_BUILDS = 3
_NO_SETTINGS = Path(__file__).with_name("samconfig.toml")


def fingerprint(locations: Locations) -> str:
    """Changes with each source, and with the tools whose version goes into what is built."""
    digest = hashlib.sha256()
    stamp = locations.tool("ministack", "").parent / "stamp.json"
    for file in [*_files(locations.project), stamp]:
        name = file.relative_to(locations.project)
        digest.update(f"{name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def build(locations: Locations, wanted: str, environ: Mapping[str, str]) -> Path:
    """The built template. Two stacks of one project may ask for it at the same time."""
    finished = locations.builds / wanted[:16]
    locations.builds.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(locations):
        if finished.exists():
            os.utime(finished)
        else:
            _run_sam(locations, finished, environ)
            _forget_old_builds(locations.builds)
    return finished / "template.yaml"


def _run_sam(locations: Locations, finished: Path, environ: Mapping[str, str]) -> None:
    # At the same depth as its final place: the built template points to the functions' folders.
    unfinished = locations.builds / "unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    commands.run(
        processes.sam_build(locations),
        [
            *(locations.tool("sam", "sam"), "build", "--config-file", _NO_SETTINGS),
            *("--template-file", locations.project / "template.yaml", "--build-dir", unfinished),
        ],
        environ=surroundings.for_sam(environ, locations),
        directory=locations.project,
        advice="Mend what its output names, then type the same command again.",
    )
    unfinished.rename(finished)


def _files(project: Path) -> Iterator[Path]:
    for source in _SOURCES:
        root = project / source
        for file in [root] if root.is_file() else sorted(root.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                yield file


def _forget_old_builds(builds: Path) -> None:
    finished = [each for each in builds.iterdir() if (each / "template.yaml").exists()]
    for old in sorted(finished, key=lambda each: each.stat().st_mtime)[:-_KEPT_BUILDS]:
        shutil.rmtree(old)


@contextmanager
def _one_at_a_time(locations: Locations) -> Iterator[None]:
    with (locations.builds / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
