"""Where everything lies: the project, and the directory that one stack has to itself."""

from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Locations:
    """One stack's files. Two stacks with different directories do not meet."""

    directory: Path
    project: Path = PROJECT

    @property
    def stack_file(self) -> Path:
        return self.directory / "stack.json"

    @property
    def ports_file(self) -> Path:
        """Outlives the stack, so that the next one has the same addresses."""
        return self.directory / "ports.json"

    @property
    def state(self) -> Path:
        """What lives as long as the stack does."""
        return self.directory / "stack"

    @property
    def deployed_file(self) -> Path:
        return self.state / "deployed.json"

    @property
    def builds(self) -> Path:
        """Shared by all stacks of the project: a build depends on nothing but its sources."""
        return self.project / ".local" / "build"

    def log(self, name: str) -> Path:
        return self.directory / "log" / f"{name}.log"

    def tool(self, environment: str, command: str) -> Path:
        return self.project / ".local" / "venv" / environment / "bin" / command
