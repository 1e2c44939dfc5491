# SPDX-License-Identifier: Apache-2.0
"""What DuckDB and Spark are to agree on: a history that breaks every property, and all that there is to find in it."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pyarrow.parquet as pq
import pytest
from attrs import asdict, evolve

from edgeproof.properties.engines.history.engine import check_all
from edgeproof.properties.evidence import Evidence
from edgeproof.properties.intake import ColumnMapping, load
from edgeproof.properties.traffic.backends import open_duckdb
from edgeproof.properties.traffic.catalogue import CHECKS
from edgeproof.properties.traffic.executors import on_cluster
from edgeproof.properties.traffic.facts import Ask, Facts, at_once, gather
from edgeproof.properties.traffic.learn import learn
from edgeproof.properties.traffic.measure import measure
from edgeproof.properties.traffic.promise import Promise
from edgeproof.reports.cli import main
from tests.properties.histories import Line, commit, fault, read, text
from tests.properties.random_traffic import as_table, random_unit

__all__ = ["by_duckdb", "by_spark", "by_the_command", "everything", "rows_that_break", "write_history"]

PROMISE = Promise(2.0, guarded=True, failures=1, put_timeout=1.5, skew=0.25)
UNITS = 60
NUMBERS = ("--sync-delay", "0.5s", "--put-timeout", "0.5s", "--cache-ttl", "0.5s")


def write_history(place: Path) -> None:
    """Random traffic that breaks every property, in a file of Parquet and one of lines, and an isolate of two units."""
    random = Random(14)
    lines = [line for n in range(UNITS) for line in random_unit(random, f"u{n:03}")]
    third = len(lines) // 3
    pq.write_table(as_table(lines[:third]).drop(["file", "line"]), place / "0.parquet")
    (place / "1.jsonl").write_text("".join(text([*lines[third:], *_evicted_with_the_line_of_another_unit()])))


def _evicted_with_the_line_of_another_unit() -> list[Line]:
    """A reader that was told 2 and then 1, which is no breach, as it was evicted in between."""
    of_one = [commit(1, 0, 1), commit(2, 2, 3), read(2, 4, 5), read(1, 8, 9)]
    return [*({**line, "unit": "of one"} for line in of_one), fault("evict", 6, 7, unit="of another")]


def by_duckdb(history: Path) -> tuple[Ask, Any]:
    """A history to be asked here, and its malformed lines."""
    loaded = load(open_duckdb(), [history])
    return at_once(gather(loaded)), loaded.malformed


def by_spark(session: Any, history: Path) -> tuple[Ask, Any]:
    """A history to be asked on a cluster, and its malformed lines."""
    cluster = on_cluster(session, [history], ColumnMapping())
    return cluster.ask, cluster.malformed_lines


def rows_that_break(ask: Ask) -> dict[str, Any]:
    """By property, every event that breaks it, with what explains it."""

    # Within, as executors know nothing of modules of tests.
    def rows(facts: Facts) -> dict[str, Any]:
        return {name: check.violations(facts, PROMISE) for name, check in CHECKS.items()}

    parts = ask(rows)
    every = {name: [row for part in parts for row in part[name]] for name in CHECKS}
    return {name: sorted(rows, key=lambda row: (row["file"], row["line"])) for name, rows in every.items()}


def everything(ask: Ask, malformed: Any) -> dict[str, Any]:
    """Every verdict with its words and measures, what is learnt, and the measures of staleness, with no time in it."""
    checked = check_all(ask, malformed, PROMISE)
    said: dict[str, Any] = {one.property: asdict(_without_time(one)) for one in checked.evidence}
    return {**said, "learnt": asdict(learn(ask, PROMISE)), "staleness": asdict(measure(ask))}


def by_the_command(history: Path, capsys: pytest.CaptureFixture[str], *words: str, status: int = 1) -> Any:
    """What `edgeproof check` says of everything, with the assumptions of a bound; without the time that it took."""
    assert main(["check", str(history), *NUMBERS, "--json", *words]) == status
    return _without_seconds(json.loads(capsys.readouterr().out))


def _without_time(evidence: Evidence) -> Evidence:
    return evolve(evidence, seconds=0.0)


def _without_seconds(said: Any) -> Any:
    if isinstance(said, dict):
        return {name: _without_seconds(value) for name, value in said.items() if name != "seconds"}
    return [_without_seconds(one) for one in said] if isinstance(said, list) else said
