# SPDX-License-Identifier: Apache-2.0
"""Every run of the tests is the same run: examples are derived from the tests themselves, nothing is remembered."""

from __future__ import annotations

import gc
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


SHARED = ("test_scoreboard", "test_calibration", "test_installed", "test_agrees")
"""Files whose tests share an expensive fixture: each stays on one process."""

WAITING = (
    "tests/impl/test_live.py",
    "tests/outside/",
    "tests/reports/test_flags.py",
    "tests/reports/test_run.py",
    "tests/reports/test_serve.py",
    "tests/target/",
    "tests/workerd/test_flags_faults.py",
    "tests/workerd/test_flags_kill_switch.py",
    "tests/workerd/test_flags_mistakes.py",
    "tests/workerd/test_flags_openfeature.py",
    "tests/workerd/test_history.py",
    "tests/workerd/test_live.py",
    "tests/workerd/test_outside.py",
    "tests/workerd/test_target.py",
)
"""Tests that mostly wait for real time to pass. One process is for them, so that they meet each other rarely, and the
other processes compute meanwhile."""

LONG = (
    "tests/spark/",
    "tests/properties/test_history_agrees.py::test_a_history",
    "tests/workerd/test_lockstep.py::test_the_worker",
    "tests/workerd/test_openapi.py::test_every_request",
)
"""Tests that compute for long, begun first: what is begun last should be short, lest one process end after the rest."""


class _Scheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Tests one by one to whichever process is free, but the files of `SHARED` as a whole."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::", maxsplit=1)[0]
        return path if path.rsplit("/", maxsplit=1)[-1].startswith(SHARED) else nodeid

    def _assign_work_unit(self, node: Any) -> None:
        waits = node is self.nodes[0]

        def rank(scope: str) -> tuple[bool, bool]:
            return scope.startswith(WAITING) is not waits, not scope.startswith(LONG)

        # The base class takes what is first in the queue.
        self.workqueue.move_to_end(min(self.workqueue, key=rank), last=False)
        super()._assign_work_unit(node)


def pytest_collection_finish() -> None:
    """What has been imported and collected stays to the end: the garbage collector need not look at it ever again."""
    gc.freeze()


def pytest_sessionfinish() -> None:
    """At its end a library that counts what nobody let go of (DuckDB) is to find it gone."""
    gc.unfreeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return _Scheduling(config, log)
