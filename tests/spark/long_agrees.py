# SPDX-License-Identifier: Apache-2.0
"""Every verdict on a history, what is learnt of it and how stale its reads were: a cluster says what DuckDB says.

That is some two hundred queries, each of little (`make long`, two minutes).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgeproof.properties.traffic.backends import open_duckdb
from tests.spark.agreeing import digested, everything, write_history


def test_a_cluster_of_two_workers_and_duckdb_say_the_same(backend: Any, tmp_path: Path) -> None:
    write_history(tmp_path)
    by_duckdb = everything(*digested(open_duckdb(), tmp_path))
    by_spark = everything(*digested(backend, tmp_path))
    assert by_spark.keys() == by_duckdb.keys()
    for name, said in by_duckdb.items():
        assert by_spark[name] == said, name
