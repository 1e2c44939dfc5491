# SPDX-License-Identifier: Apache-2.0
"""A cluster finds what DuckDB finds: the same rows that break each property, every verdict, what is learnt, measures.

What differs between the two is who judges which units, and how events come there (`make long`, some minutes).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgeproof.properties.traffic.catalogue import CHECKS
from tests.spark.agreeing import by_duckdb, by_spark, everything, rows_that_break, write_history


def test_a_cluster_of_two_workers_and_duckdb_say_the_same(session: Any, tmp_path: Path) -> None:
    write_history(tmp_path)
    of_duckdb, of_spark = by_duckdb(tmp_path), by_spark(session, tmp_path)
    expected, found = rows_that_break(of_duckdb[0]), rows_that_break(of_spark[0])
    for name in CHECKS:
        assert found[name] == expected[name], name
        assert expected[name], "a property that nothing breaks compares nothing"
    expected, found = everything(*of_duckdb), everything(*of_spark)
    assert found.keys() == expected.keys()
    for name, said in expected.items():
        assert found[name] == said, name
