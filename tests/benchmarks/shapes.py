# SPDX-License-Identifier: Apache-2.0
"""Shapes that real traffic has, of any size: each is hard on another way of checking it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from attrs import evolve, frozen

from tests.benchmarks.traffic import Traffic, write_traffic

__all__ = ["SHAPES", "write_shape"]

SLOT: Final = 10.0
"""Seconds from one commit of a unit to the next, where there are many."""

More = Callable[[np.random.Generator, Traffic, int], pa.Table]
"""Events that lie beside the traffic, so many of them."""


@frozen
class Shape:
    """Traffic, given a number of events; and for how many of these there is one event `more`, if any."""

    traffic: Callable[[int], Traffic]
    more: More | None = None
    one_in: int = 0


def write_shape(folder: Path, name: str, events: int) -> None:
    """Write the files of a history of this shape."""
    shape = SHAPES[name]
    traffic = shape.traffic(events)
    write_traffic(folder, traffic)
    if shape.more is not None:
        table = shape.more(np.random.default_rng(traffic.seed), traffic, events // shape.one_in)
        pq.write_table(table, folder / "more.parquet")


def _usual(traffic: Traffic) -> Callable[[int], Traffic]:
    """The same units, commits and readers, however many events there are."""
    return lambda events: evolve(traffic, events=events)


def _many_units(events: int) -> Traffic:
    return Traffic(events, units=events // 5, commits=1)


def _many_versions(events: int, of_one: int = 5) -> Traffic:
    commits = events // of_one
    return Traffic(events, units=1, commits=commits, seconds=SLOT * commits)


def _evictions(random: np.random.Generator, traffic: Traffic, count: int, *, each: bool) -> pa.Table:
    """Evictions of all isolates there are, or of one `each`, at moments of no meaning."""
    at = np.sort(random.uniform(0, traffic.seconds, count))
    whose = {}
    if each:
        whose["pop"] = pa.array([f"pop{pop:03}" for pop in random.integers(0, traffic.pops, count)])
        whose["reader"] = pa.array([f"isolate-{one:03}" for one in random.integers(0, traffic.readers, count)])
    said = {"kind": pa.repeat("fault", count), "note": pa.repeat("evict", count), "outcome": pa.repeat("ok", count)}
    return pa.table({"unit": pa.repeat("app-00000", count), **said, **whose, "invoke": at, "return": at + 0.001})


def _restores(random: np.random.Generator, traffic: Traffic, count: int) -> pa.Table:
    """Restores of the first unit, each to a version that it had some commits before."""
    at = np.sort(random.uniform(0, traffic.seconds, count))
    back = np.maximum((at / traffic.seconds * traffic.commits).astype(np.int64) - random.integers(0, 3, count), 1)
    said = {"kind": pa.repeat("fault", count), "note": pa.repeat("rollback", count), "outcome": pa.repeat("ok", count)}
    when = {"invoke": at, "return": at + 0.001, "version": back, "era": pa.repeat(0, count)}
    return pa.table({"unit": pa.repeat("app-00000", count), **said, **when})


def _attempts(random: np.random.Generator, traffic: Traffic, count: int) -> pa.Table:
    """Writes that were sent again and again, every tenth of which was answered in the end with a version of its own."""
    at = np.sort(random.uniform(0, traffic.seconds, count))
    answered = np.arange(count) % 10 == 9
    write = np.arange(count) // 10
    version = pa.array(traffic.commits + 1 + write, mask=~answered)
    said = {
        "kind": pa.repeat("commit", count),
        "outcome": pa.array(np.where(answered, "ok", "unknown")),
        "key": pa.array([f"write-{number}" for number in write]),
    }
    when = {"invoke": at, "return": pa.array(at + 0.001, mask=~answered), "version": version}
    return pa.table({"unit": pa.repeat("app-00000", count), **said, **when, "era": pa.repeat(0, count)})


def _all_evictions(random: np.random.Generator, traffic: Traffic, count: int) -> pa.Table:
    return _evictions(random, traffic, count, each=False)


def _own_evictions(random: np.random.Generator, traffic: Traffic, count: int) -> pa.Table:
    return _evictions(random, traffic, count, each=True)


SHAPES: Final[Mapping[str, Shape]] = {
    "dense": Shape(_usual(Traffic(0))),
    "sparse: each reader sees a version about once": Shape(_usual(Traffic(0, readers=5000))),
    "a reader id per event": Shape(_usual(Traffic(0, readers=10**7))),
    "one reader has everything": Shape(_usual(Traffic(0, pops=1, readers=1))),
    "many units": Shape(_many_units),
    "many versions": Shape(_many_versions),
    "readers far behind": Shape(_usual(Traffic(0, behind=50_000.0))),
    "many versions, readers far behind": Shape(lambda events: evolve(_many_versions(events), behind=2.5 * events)),
    "evictions of all isolates": Shape(_usual(Traffic(0)), _all_evictions, 200),
    "evictions of one isolate each": Shape(_usual(Traffic(0)), _own_evictions, 10),
    "many restores": Shape(lambda events: _many_versions(events, 100), _restores, 100),
    "many attempts whose answer was lost": Shape(_usual(Traffic(0)), _attempts, 20),
}
"""By name; of many units or versions there is one to five events."""
