# SPDX-License-Identifier: Apache-2.0
"""A large history against the whole catalogue: how many events a second, property by property, and in how much memory.

EVENTS=1e8 make bench ARGS="-k history" is the size to reach for (2 cores, under 8 GB); the default is a tenth. Beside
it stands what DuckDB takes on the same file by itself for one pass that groups the reads by reader and version.
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from edgeproof.properties.engines.history.engine import Checked, check_all
from edgeproof.properties.intake import load
from edgeproof.properties.traffic.backends import open_duckdb
from edgeproof.properties.traffic.catalogue import CHECKS
from edgeproof.properties.traffic.facts import at_once, gather
from edgeproof.properties.traffic.measure import measure
from edgeproof.properties.traffic.promise import Promise
from tests.benchmarks.traffic import BOUND_S, Traffic, write_traffic

EVENTS: Final = int(float(os.environ.get("EVENTS", "1e7")))
FOLDER: Final = os.environ.get("TRAFFIC", "")
"""Where the history is, or is put to stay; a temporary folder unless given."""
MEMORY, THREADS = "4GB", 2
MOST: Final = 8.0
"""Gibibytes that the whole process may take at any time."""
REACH: Final = 5e6
"""Events a second."""


def bench_history() -> None:
    with tempfile.TemporaryDirectory(prefix="edgeproof-bench-") as temporary:
        place = Path(FOLDER or temporary)
        started = time.perf_counter()
        if not list(place.glob("*.parquet")):
            write_traffic(place, Traffic(EVENTS))
        written = time.perf_counter() - started
        pass_seconds = one_pass(place)
        run = whole_catalogue(place)
        again = one_pass(place)
    report(run, written, min(pass_seconds, again))


@frozen
class Run:
    """What a check of everything took: seconds reading and digesting, then all, and measuring staleness besides."""

    judging: float
    digesting: float
    whole: float
    processor: float
    """Seconds of processor time that the whole took: on a machine that others use, what remains comparable."""
    staleness: float
    events: int
    checked: Checked
    peak: float


def whole_catalogue(place: Path) -> Run:
    backend = open_duckdb(MEMORY, THREADS)
    started, processor = time.perf_counter(), time.process_time()
    loaded = load(backend, [place])
    judged = time.perf_counter()
    facts = gather(loaded)
    digested = time.perf_counter()
    checked = check_all(at_once(facts), loaded.malformed, Promise(BOUND_S, guarded=True), tuple(CHECKS))
    ended, processor = time.perf_counter(), time.process_time() - processor
    measure(at_once(facts))
    measured = time.perf_counter() - ended
    events = int(backend.to_pyarrow(loaded.events.count()).as_py())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    spans = judged - started, digested - judged, ended - started, processor, measured
    return Run(*spans, events, checked, peak)


def one_pass(place: Path) -> float:
    """Seconds that DuckDB takes for one pass over the reads, as plain SQL."""
    backend = open_duckdb(MEMORY, THREADS)
    started = time.perf_counter()
    rows: Any = backend.con.execute(
        "SELECT count(*) FROM (SELECT unit, pop, reader, version, min(invoke), max(invoke), count(*)"
        " FROM read_parquet($1) WHERE kind = 'read' GROUP BY ALL)",
        [str(place / "*.parquet")],
    ).fetchall()
    assert rows[0][0] > 0
    return time.perf_counter() - started


def report(run: Run, written: float, one: float) -> None:
    rate = run.events / run.whole
    print(f"\n{run.events:,} events (written in {written:.0f} s), {THREADS} threads, load {os.getloadavg()[0]:.1f}")
    print(
        f"whole catalogue: {run.whole:.1f} s, {rate / 1e6:.2f} M events/s ({rate / REACH:.2f} of the 5 M to reach for)"
    )
    alone = run.events / (run.processor / THREADS) / 1e6
    print(f"  processor time: {run.processor:.1f} s; on {THREADS} idle cores {alone:.2f} M events/s at best")
    print(
        f"  one GROUP BY over the same reads, in the same run: {one:.1f} s; all of it takes {run.whole / one:.1f} of it"
    )
    print(f"  peak memory: {run.peak:.2f} GiB of {MOST:g}")
    print(f"  judging every line: {run.judging:.1f} s; digesting: {run.digesting:.1f} s, shared by all properties")
    for found in run.checked.evidence:
        seen = f"{found.measures.get('violations', 0):,} violations of {found.measures.get('tested', 0):,} tested"
        speed = run.events / found.seconds / 1e6
        print(f"  {found.property:24} {found.verdict.name:15} {found.seconds:7.2f} s {speed:8.1f} M events/s  {seen}")
    print(f"measuring staleness: {run.staleness:.1f} s")
    assert run.peak < MOST
