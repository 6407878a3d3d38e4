"""Which tests stay in one process, where several share the suite."""

import pytest
from xdist.scheduler import LoadFileScheduling


class _WhatSharesASetup(LoadFileScheduling):
    """A file stays whole, and so do all files that run on the local stack."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "tests/end_to_end" if file.startswith("tests/end_to_end/") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadFileScheduling:
    return _WhatSharesASetup(config, log)
