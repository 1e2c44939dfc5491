# SPDX-License-Identifier: Apache-2.0
"""Histories of every shape against the whole catalogue, each in a process of its own: how fast, in how much memory.

EVENTS=1e7 make bench ARGS="-k shapes" is the size to reach for; the default is a tenth. Beside each stands what DuckDB
takes on the same files for COUNT, and to group the reads by reader and version. Processor time is what remains
comparable on a machine that others use.
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from attrs import frozen

from tests.benchmarks.shapes import SHAPES, write_shape
from tests.benchmarks.traffic import BOUND_S

EVENTS: Final = int(float(os.environ.get("EVENTS", "1e6")))
GROUP: Final = (
    "SELECT count(*) FROM (SELECT unit, pop, reader, version, min(invoke), max(invoke), count(*)"
    " FROM {files} WHERE kind = 'read' GROUP BY ALL)"
)


@frozen
class Run:
    """Seconds of the clock, and of the processor, that it took; with the process's peak memory (GiB) and its events."""

    clock: float
    processor: float
    peak: float
    events: int


def bench_shapes() -> None:
    print(f"\n{'shape':46} {'events':>10} {'M/s':>6} {'M/s core':>8} {'GiB':>5} {'of GROUP BY':>11} {'of COUNT':>8}")
    for name in SHAPES:
        with tempfile.TemporaryDirectory(prefix="edgeproof-bench-") as place:
            write_shape(Path(place), name, EVENTS)
            run, group, count = (_alone(kind, place) for kind in ("catalogue", "group", "count"))
        rates = f"{run.events / run.clock / 1e6:6.2f} {run.events / run.processor / 1e6:8.2f} {run.peak:5.2f}"
        ratios = f"{run.processor / group.processor:11.1f} {run.processor / count.processor:8.1f}"
        print(f"{name:46} {run.events:10,} {rates} {ratios}")
        assert run.events >= EVENTS


def _alone(kind: str, place: str) -> Run:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_run, kind, place).result()


def _run(kind: str, place: str) -> Run:
    from edgeproof.properties.traffic.backends import open_duckdb

    database = open_duckdb("4GB", 2)
    files = f"read_parquet('{place}/*.parquet', union_by_name = true)"
    (events,) = database.con.execute(f"SELECT count(*) FROM {files}").fetchone()
    clock, processor = time.perf_counter(), time.process_time()
    if kind == "catalogue":
        _check(database, Path(place))
    else:
        database.con.execute(
            (GROUP if kind == "group" else "SELECT count(version) FROM {files}").format(files=files)
        ).fetchall()
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    return Run(clock, processor, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, events)


def _check(database: object, place: Path) -> None:
    from edgeproof.properties.engines.history.engine import check_all
    from edgeproof.properties.intake import load
    from edgeproof.properties.traffic.facts import at_once, gather
    from edgeproof.properties.traffic.promise import Promise

    loaded = load(database, [place])
    promise = Promise(BOUND_S, guarded=True)
    assert check_all(at_once(gather(loaded.events)), loaded.malformed, promise).evidence
