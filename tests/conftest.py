"""Which tests stay in one process, where several share the suite."""

import pytest
from xdist.scheduler import LoadScopeScheduling


class _WhatSharesASetup(LoadScopeScheduling):
    """A file stays whole, and so do all files that run on the local stack."""

    def _split_scope(self, nodeid: str) -> str:
        return (
            "tests/end_to_end" if nodeid.startswith("tests/end_to_end/") else nodeid.split("::")[0]
        )


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    return _WhatSharesASetup(config, log)
