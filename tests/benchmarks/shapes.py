# SPDX-License-Identifier: Apache-2.0
"""Shapes that real traffic has, of any size: each is hard on another way of checking it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from attrs import evolve

from tests.benchmarks.traffic import Traffic, write_traffic

__all__ = ["SHAPES", "write_shape"]

EVICTIONS: Final = 0.005
"""Of the events, in the shape that has any."""

SHAPES: Final[Mapping[str, Traffic]] = {
    "dense": Traffic(0),
    "sparse: each reader sees a version about once": Traffic(0, readers=5000),
    "a reader id per event": Traffic(0, readers=10**7),
    "many units": Traffic(0, units=1, commits=1),
    "many versions": Traffic(0, units=1, commits=1, seconds=10.0),
    "evictions": Traffic(0),
}
"""By name, traffic to be given a number of events; of many units or versions there is one to five events."""


def write_shape(folder: Path, name: str, events: int) -> None:
    """Write the files of a history of this shape."""
    traffic = evolve(SHAPES[name], events=events)
    if name == "many units":
        traffic = evolve(traffic, units=events // 5)
    if name == "many versions":
        traffic = evolve(traffic, commits=events // 5, seconds=10.0 * (events // 5))
    (_, reads, *_) = write_traffic(folder, traffic)
    if name == "evictions":
        pq.write_table(
            _evictions(pq.read_table(reads), round(events * EVICTIONS), traffic), folder / "evictions.parquet"
        )


def _evictions(reads: pa.Table, count: int, traffic: Traffic) -> pa.Table:
    """Evictions of all isolates there are, at moments of no meaning."""
    at = np.sort(np.random.default_rng(traffic.seed).uniform(0, traffic.seconds, count))
    columns = {name: reads[name].slice(0, count) for name in ("unit", "outcome", "era")}
    said = {"kind": pa.repeat("fault", count), "note": pa.repeat("evict", count)}
    return pa.table({**columns, **said, "invoke": at, "return": at + 0.001})
