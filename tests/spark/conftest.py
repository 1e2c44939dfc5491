# SPDX-License-Identifier: Apache-2.0
"""The tests here run on a cluster of Spark: a master and two workers, a process each, on this machine's loopback. None
outlives the tests, not even if they are killed.

Without Spark or Java each is skipped, and says what to install. Where $CI is set they fail instead: a build must not
lean on tests that did not run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Final

import pytest

from edgeproof.properties.traffic.backends import BackendError, find_spark
from tests.spark.cluster import opened, running

SMALL: Final = {"spark.executor.memory": "512m"}


@pytest.fixture(scope="session")
def master(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a cluster's master."""
    try:
        find_spark()
    except BackendError as missing:
        if os.environ.get("CI"):
            pytest.fail(f"{missing} ($CI is set, so that this test may not be skipped)")
        pytest.skip(str(missing))
    with running(tmp_path_factory.mktemp("spark")) as url:
        yield url


@pytest.fixture(scope="session")
def session(master: str) -> Iterator[Any]:
    """A session with the cluster, which commands find as well."""
    with opened(master, SMALL) as one:
        yield one
