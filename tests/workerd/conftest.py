# SPDX-License-Identifier: Apache-2.0
"""The tests here run on the real runtime; without it each is skipped, and says what to run.

Where $CI is set they fail instead: a build must not lean on tests that did not run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from edgeproof.impl.workerd.runtime import RuntimeMissingError, find_workerd
from edgeproof.impl.workerd.system import WorkerdSystem


@pytest.fixture(scope="session")
def workerd() -> Path:
    try:
        return find_workerd()
    except RuntimeMissingError as missing:
        return without_runtime(str(missing))


def without_runtime(why: str) -> NoReturn:
    """What becomes of a test that cannot run."""
    if os.environ.get("CI"):
        pytest.fail(f"{why} ($CI is set, so that this test may not be skipped)")
    pytest.skip(why)


@pytest.fixture
def system(workerd: Path) -> Iterator[WorkerdSystem]:
    one = WorkerdSystem()
    yield one
    one.close()
