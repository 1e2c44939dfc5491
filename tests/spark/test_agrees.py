# SPDX-License-Identifier: Apache-2.0
"""A cluster finds what DuckDB finds: the same rows that break each property, the same verdict, words and measures.

What differs between the two is how they evaluate an expression, so each check's is asked of both. Verdicts are made of
those rows by code that does not know where they come from: the command makes one here, and `long_agrees` all of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgeproof.properties.traffic.backends import open_duckdb
from edgeproof.properties.traffic.catalogue import CHECKS
from tests.spark.agreeing import by_the_command, digested, rows_that_break, write_history


def test_a_cluster_of_two_workers_and_duckdb_find_the_same(
    master: str, backend: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One test, as a cluster is not started twice: of the expressions, then of the command."""
    write_history(tmp_path)
    (by_duckdb, _), (by_spark, _) = digested(open_duckdb(), tmp_path), digested(backend, tmp_path)
    expected, found = rows_that_break(by_duckdb), rows_that_break(by_spark)
    executors = backend._session.sparkContext._jsc.sc().statusTracker().getExecutorInfos()
    assert len(executors) == 3  # the driver is listed, too
    for name in CHECKS:
        assert found[name] == expected[name], name
        assert expected[name], "a property that nothing breaks compares nothing"
    told = by_the_command(tmp_path, capsys, "--engine", "spark", "--master", master)
    assert told == by_the_command(tmp_path, capsys)
