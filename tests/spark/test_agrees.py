# SPDX-License-Identifier: Apache-2.0
"""`edgeproof check` on a cluster says what it says with DuckDB, of the same files.

One property, with the assumptions of its bound. `long_agrees` asks for all rows and all verdicts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.spark.agreeing import by_the_command, write_history


def test_a_cluster_of_two_workers_and_duckdb_find_the_same(
    master: str, session: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_history(tmp_path)
    executors = session.sparkContext._jsc.sc().statusTracker().getExecutorInfos()
    assert len(executors) == 3  # the driver is listed, too
    told = by_the_command(tmp_path, capsys, "--engine", "spark", "--master", master)
    assert told == by_the_command(tmp_path, capsys)
