"""The one way in which bringing up the stack fails."""

from pathlib import Path


class StackError(Exception):
    """Shown to the person as it is: what failed, what to do, where the output is."""

    def __init__(self, what: str, advice: str, log: Path | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice
        self.log = log
