# SPDX-License-Identifier: Apache-2.0
"""Every run of the tests is the same run: examples are derived from the tests themselves, nothing is remembered."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("ci")


SHARED = ("test_scoreboard", "test_calibration", "test_installed")
"""Files whose tests share an expensive fixture: each stays on one process."""


class _Scheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Tests one by one to whichever process is free, but the files of `SHARED` as a whole."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::", maxsplit=1)[0]
        return path if path.rsplit("/", maxsplit=1)[-1].startswith(SHARED) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return _Scheduling(config, log)
