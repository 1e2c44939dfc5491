# SPDX-License-Identifier: Apache-2.0
"""The tests here run on the real runtime; without it each is skipped, and says what to run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from impl.workerd import RuntimeMissingError, find_workerd
from impl.workerd_system import WorkerdSystem


@pytest.fixture(scope="session")
def workerd() -> Path:
    try:
        return find_workerd()
    except RuntimeMissingError as missing:
        pytest.skip(str(missing))


@pytest.fixture
def system(workerd: Path) -> Iterator[WorkerdSystem]:
    one = WorkerdSystem()
    yield one
    one.close()
