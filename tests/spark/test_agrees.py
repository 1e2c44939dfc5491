# SPDX-License-Identifier: Apache-2.0
"""A cluster finds what DuckDB finds: the same verdicts, the same words, the same rows, the same measures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from attrs import asdict, evolve

from edgeproof.properties.engines.history.engine import check_all
from edgeproof.properties.evidence import Evidence
from edgeproof.properties.intake import load
from edgeproof.properties.traffic.backends import open_duckdb, open_spark
from edgeproof.properties.traffic.catalogue import CHECKS
from edgeproof.properties.traffic.facts import gather
from edgeproof.properties.traffic.keeping import rows_of
from edgeproof.properties.traffic.learn import learn
from edgeproof.properties.traffic.measure import measure
from edgeproof.properties.traffic.promise import Promise
from edgeproof.reports.cli import main
from tests.properties.random_traffic import as_table, random_unit
from tests.spark.conftest import SHORT_LIVED, end

PROMISE = Promise(2.0, guarded=True, failures=1, put_timeout=1.5, skew=0.25)
UNITS = 60
COMMAND = ("--sync-delay", "0.5s", "--put-timeout", "0.5s", "--cache-ttl", "0.5s", "--property", "bounded-staleness")

SMALL = {
    "spark.executor.memory": "512m",
    "spark.executor.cores": "1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "2",
    "spark.default.parallelism": "2",
    # Every query is asked once, of little: to compile each takes far longer than to interpret it.
    "spark.driver.extraJavaOptions": SHORT_LIVED,
    "spark.executor.extraJavaOptions": SHORT_LIVED,
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


@pytest.fixture
def backend(master: str) -> Iterator[Any]:
    """A session with the cluster. Its Java process would live on in ours, for the next session."""
    one = open_spark(master, SMALL)
    context = one._session.sparkContext
    java = context._gateway.proc
    yield one
    one._session.stop()
    context._gateway.shutdown()
    type(context)._gateway = type(context)._jvm = None
    end(java)


def test_a_cluster_of_two_workers_and_duckdb_find_the_same(
    master: str, backend: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One test, as a cluster is not started twice: of the expressions, then of the command."""
    write_history(tmp_path)
    by_duckdb, by_spark = found(open_duckdb(), tmp_path), found(backend, tmp_path)
    executors = backend._session.sparkContext._jsc.sc().statusTracker().getExecutorInfos()
    assert len(executors) == 3  # the driver is listed, too
    assert by_spark.keys() == by_duckdb.keys()
    for name, said in by_duckdb.items():
        assert by_spark[name] == said, name
    assert all(by_duckdb[f"rows of {name}"] for name in CHECKS), "a property that nothing breaks compares nothing"
    words = ["check", str(tmp_path), *COMMAND, "--json"]
    assert document(words, capsys) == document([*words, "--engine", "spark", "--master", master], capsys)


def write_history(place: Path) -> None:
    """Random traffic that breaks every property, in two files of Parquet."""
    random = Random(14)
    lines = [line for n in range(UNITS) for line in random_unit(random, f"u{n:03}")]
    for number, some in enumerate((lines[: len(lines) // 3], lines[len(lines) // 3 :])):
        as_table(some).drop("file", "line").to_parquet(place / f"{number}.parquet")


def found(backend: Any, history: Path) -> dict[str, Any]:
    """All that there is to find, with no order and no time in it."""
    loaded = load(backend, [history])
    facts = gather(loaded.events)
    checked = check_all(facts, loaded.malformed, PROMISE)
    said: dict[str, Any] = {one.property: asdict(without_time(one)) for one in checked.evidence}
    for name, check in CHECKS.items():
        rows = rows_of(check.explained(facts, check.broken(facts, PROMISE)))
        said[f"rows of {name}"] = sorted(rows, key=lambda row: (row["file"], row["line"]))
    said["learnt"] = asdict(learn(facts, PROMISE))
    said["staleness"] = asdict(measure(facts))
    return said


def without_time(evidence: Evidence) -> Evidence:
    return evolve(evidence, seconds=0.0)


def document(words: list[str], capsys: pytest.CaptureFixture[str]) -> Any:
    """What the command says, without the time it took."""
    assert main(words) == 1
    return without_seconds(json.loads(capsys.readouterr().out))


def without_seconds(said: Any) -> Any:
    if isinstance(said, dict):
        return {name: without_seconds(value) for name, value in said.items() if name != "seconds"}
    return [without_seconds(one) for one in said] if isinstance(said, list) else said
