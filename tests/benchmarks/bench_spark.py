# SPDX-License-Identifier: Apache-2.0
"""A history on a cluster of two workers, against the same check in one process: how long, and what is shuffled.

EVENTS=1e8 make bench ARGS="-k spark" is of a size at which it pays to start a cluster; the default is a tenth. All run
on this machine, so that both have the same cores. Processor time is that of all processes, Java's among them, and what
remains comparable on a machine that others use.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import frozen

from edgeproof.properties.engines.history.engine import check_all
from edgeproof.properties.intake import ColumnMapping, load
from edgeproof.properties.traffic.backends import BackendError, find_spark, open_duckdb
from edgeproof.properties.traffic.executors import on_cluster
from edgeproof.properties.traffic.facts import at_once, gather
from edgeproof.properties.traffic.promise import Promise
from tests.benchmarks.shapes import write_shape
from tests.benchmarks.traffic import BOUND_S
from tests.spark.cluster import opened, running

EVENTS: Final = int(float(os.environ.get("EVENTS", "1e7")))
SHAPE: Final = os.environ.get("SHAPE", "dense")
PROMISE: Final = Promise(BOUND_S, guarded=True)
MEMORY: Final = {"spark.executor.memory": "1g"}
REACH: Final = 3.0
"""Times what one process takes."""


@frozen
class Run:
    """Seconds of the clock and of the processor."""

    clock: float
    processor: float


def bench_spark() -> None:
    try:
        find_spark()
    except BackendError as missing:
        pytest.skip(str(missing))
    with tempfile.TemporaryDirectory(prefix="edgeproof-bench-") as place:
        history = Path(place, "history")
        write_shape(history, SHAPE, EVENTS)
        size = sum(path.stat().st_size for path in history.iterdir())
        print(f"\n{SHAPE}: {EVENTS:,} events, {size / 2**20:,.0f} MiB of Parquet; load {os.getloadavg()[0]:.1f}")
        alone = _timed(lambda: _check_here(history))
        _say("one process", alone, alone)
        with running(Path(place, "cluster"), "1536m") as master, opened(master, MEMORY) as session:
            first = _timed(lambda: _check_there(session, history))
            _say("two workers, whose Python has to start", first, alone)
            again = _timed(lambda: _check_there(session, history))
            _say("two workers, at work already", again, alone)
            for stage in _stages(session)[-2:]:
                print(f"  {stage}")
            print(on_cluster(session, [history], ColumnMapping()).plan())
    print(f"{again.processor / alone.processor:.1f} times the processor time of one process ({REACH:g} to reach for)")


def _check_here(history: Path) -> None:
    loaded = load(open_duckdb("4GB", 2), [history])
    assert check_all(at_once(gather(loaded)), loaded.malformed, PROMISE).evidence


def _check_there(session: Any, history: Path) -> None:
    cluster = on_cluster(session, [history], ColumnMapping())
    assert check_all(cluster.ask, cluster.malformed_lines, PROMISE).evidence


def _timed(do: Callable[[], None]) -> Run:
    clock, processor = time.perf_counter(), _processor()
    do()
    return Run(time.perf_counter() - clock, _processor() - processor)


def _say(what: str, run: Run, alone: Run) -> None:
    times = f"{run.clock / alone.clock:.1f} of the clock, {run.processor / alone.processor:.1f} of the processor"
    print(f"{what}: {run.clock:.1f} s, processor {run.processor:.1f} s ({times})")


def _processor() -> float:
    """Seconds that this process and all below it have taken of the processor."""
    parents, taken = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text().rpartition(")")
        except OSError:
            continue
        fields = rest.split()
        pid = int(name.partition(" ")[0])
        parents[pid] = int(fields[1])
        taken[pid] = sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")
    ours = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sum(taken[pid] for pid in ours)


def _stages(session: Any) -> list[str]:
    """What Spark says of its stages: what they wrote to, and read from, the shuffle."""
    store = session.sparkContext._jsc.sc().statusStore()
    stages = store.stageList(
        None, False, False, session.sparkContext._gateway.new_array(session.sparkContext._jvm.double, 0), None
    )
    found = []
    for place in reversed(range(stages.size())):
        one = stages.apply(place)
        written, read = one.shuffleWriteBytes() / 2**20, one.shuffleReadBytes() / 2**20
        found.append(
            f"stage {one.stageId()}: {one.numTasks()} tasks, {one.executorRunTime() / 1e3:.1f} s of tasks, "
            f"{written:,.1f} MiB to the shuffle, {read:,.1f} MiB from it"
        )
    return found
