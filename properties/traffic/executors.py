# SPDX-License-Identifier: Apache-2.0
"""A history on a cluster of Spark: its events go, by unit, to the executors, and what each of these finds comes back.

That is one shuffle. The executors need what this process needs: Python, and edgeproof with its extra `check`.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pyarrow as pa

from edgeproof.properties.intake import EVENTS
from edgeproof.properties.traffic.facts import Ask, Facts, gather

__all__ = ["on_executors"]

Kernel = Callable[[Facts], Any]


def on_executors(events: Any) -> Ask:
    """Asks the executors for something of the units that each of them has; `events` is a table of Spark's."""
    backend = events.get_backend()
    faults = events.filter((events.kind == "fault") & (events.note == "evict"))
    # An isolate serves many units, so that all of them are told of its evictions.
    evictions = backend.to_pyarrow(faults).cast(EVENTS)

    def ask(kernel: Kernel) -> list[Any]:
        frame = backend._session.sql(backend.compile(events)).repartition("unit")
        rows = frame.mapInArrow(_judging(kernel, evictions), "found binary").collect()
        return [pickle.loads(row["found"]) for row in rows] or [kernel(gather(EVENTS.empty_table()))]

    return ask


def _judging(kernel: Kernel, evictions: pa.Table) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """What an executor does with the events of some units."""

    def judge(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        there = list(batches)
        if there:
            events = pa.Table.from_batches(there).cast(EVENTS)
            yield pa.RecordBatch.from_pydict({"found": [pickle.dumps(kernel(gather(events, evictions)))]})

    return judge
