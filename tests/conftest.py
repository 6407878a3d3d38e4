"""Which tests stay in one process, where several share the suite; and which are left out."""

import pytest
from xdist.scheduler import LoadFileScheduling

#: What `addopts` in pyproject.toml leaves out.
LEFT_OUT = "not docker and not cdk"


class _WhatSharesASetup(LoadFileScheduling):
    """A file stays whole, and so do all files that run on the local stack."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "tests/end_to_end" if file.startswith("tests/end_to_end/") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadFileScheduling:
    return _WhatSharesASetup(config, log)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Name what was left out: with several processes nothing else says so."""
    if config.option.markexpr == LEFT_OUT:
        terminalreporter.write_line(
            "Not run: the tests that need a container engine (pytest -m docker), and those of the "
            "CDK example (pytest -m cdk)."
        )
