# SPDX-License-Identifier: Apache-2.0
"""Histories of every shape against the whole catalogue, each in a process of its own: how fast, in how much memory.

EVENTS=1e7 make bench ARGS="-k shapes" is the size to reach for; the default is a tenth. Each shape is measured with a
quarter of the events as well: four times as many are to take four times as long, and not more. Beside it stands what
DuckDB takes on the same files for COUNT, and to group the reads by reader and version; and what Polars takes for the
latter, where it is installed. Processor time is what remains comparable on a machine that others use.
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from math import nan
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from edgeproof.properties.engines.history.engine import check_all
from edgeproof.properties.intake import load
from edgeproof.properties.traffic.backends import open_duckdb
from edgeproof.properties.traffic.facts import at_once, gather
from edgeproof.properties.traffic.promise import Promise
from tests.benchmarks.apart import apart
from tests.benchmarks.shapes import SHAPES, write_shape
from tests.benchmarks.traffic import BOUND_S

EVENTS: Final = int(float(os.environ.get("EVENTS", "1e6")))
TIMES: Final = 4
"""As many events as the smaller history of each shape has."""
GROUP: Final = (
    "SELECT count(*) FROM (SELECT unit, pop, reader, version, min(invoke), max(invoke), count(*)"
    " FROM {files} WHERE kind = 'read' GROUP BY ALL)"
)

COUNT: Final = "SELECT count(version) FROM {files}"


@frozen
class Run:
    """Seconds of the clock, and of the processor, that it took; with the process's peak memory (GiB) and its events."""

    clock: float
    processor: float
    peak: float
    events: int


def bench_shapes() -> None:
    beside = f"{'of GROUP BY':>11} {'of COUNT':>8} {'of Polars':>9}"
    print(f"\n{'shape':46} {'events':>10} {'M/s':>6} {'M/s core':>8} {'GiB':>5} {'of 1/4':>6} {beside}")
    for name in SHAPES:
        with tempfile.TemporaryDirectory(prefix="edgeproof-bench-") as place:
            small, large = Path(place, "small"), Path(place, "large")
            for folder, events in ((small, EVENTS // TIMES), (large, EVENTS)):
                apart(write_shape, folder, name, events)
            less, run = (apart(run_catalogue, folder) for folder in (small, large))
            group, count = (apart(one, large) for one in (run_group, run_count))
            polars = apart(run_polars, large).processor if find_spec("polars") else nan
        longer = run.processor / less.processor
        rates = f"{run.events / run.clock / 1e6:6.2f} {run.events / run.processor / 1e6:8.2f} {run.peak:5.2f}"
        ratios = f"{run.processor / group.processor:11.1f} {run.processor / count.processor:8.1f}"
        ratios += f" {run.processor / polars:9.1f}"
        print(f"{name:46} {run.events:10,} {rates} {longer:6.1f} {ratios}", flush=True)
        assert run.events >= EVENTS


def run_catalogue(place: Path) -> Run:
    """The whole catalogue, with a bound."""

    def check(database: Any) -> None:
        loaded = load(database, [place])
        promise = Promise(BOUND_S, guarded=True)
        assert check_all(at_once(gather(loaded)), loaded.malformed, promise).evidence

    return _timed(place, check)


def run_group(place: Path) -> Run:
    """The reads by reader and version, as plain SQL."""
    return _timed(place, lambda database: database.con.execute(GROUP.format(files=_files(place))).fetchall())


def run_count(place: Path) -> Run:
    """The versions there are, as plain SQL."""
    return _timed(place, lambda database: database.con.execute(COUNT.format(files=_files(place))).fetchall())


def run_polars(place: Path) -> Run:
    """The reads by reader and version, by Polars."""
    pl: Any = import_module("polars")

    def grouped(database: Any) -> None:
        reads = pl.scan_parquet(f"{place}/*.parquet", missing_columns="insert", extra_columns="ignore")
        keys = ("unit", "pop", "reader", "version")
        spans = (pl.col("invoke").min().alias("first"), pl.col("invoke").max().alias("last"), pl.len())
        reads.filter(pl.col("kind") == "read").group_by(*keys).agg(*spans).select(pl.len()).collect()

    return _timed(place, grouped)


def _timed(place: Path, do: Callable[[Any], Any]) -> Run:
    database = open_duckdb("4GB", 2)
    (events,) = database.con.execute(f"SELECT count(*) FROM {_files(place)}").fetchone()
    clock, processor = time.perf_counter(), time.process_time()
    do(database)
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    return Run(clock, processor, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, events)


def _files(place: Path) -> str:
    return f"read_parquet('{place}/*.parquet', union_by_name = true)"
