# SPDX-License-Identifier: Apache-2.0
"""A cluster finds what DuckDB finds: the same rows that break each property, every verdict, what is learnt, measures.

What differs between the two is who judges which units, and how events come there (`make long`, some minutes).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgeproof.properties.traffic.backends import open_duckdb
from edgeproof.properties.traffic.catalogue import CHECKS
from tests.spark.agreeing import digested, everything, rows_that_break, write_history


def test_a_cluster_of_two_workers_and_duckdb_say_the_same(backend: Any, tmp_path: Path) -> None:
    write_history(tmp_path)
    of_duckdb, of_spark = digested(open_duckdb(), tmp_path), digested(backend, tmp_path)
    expected, found = rows_that_break(of_duckdb[0]), rows_that_break(of_spark[0])
    for name in CHECKS:
        assert found[name] == expected[name], name
        assert expected[name], "a property that nothing breaks compares nothing"
    by_duckdb, by_spark = everything(*of_duckdb), everything(*of_spark)
    assert by_spark.keys() == by_duckdb.keys()
    for name, said in by_duckdb.items():
        assert by_spark[name] == said, name
