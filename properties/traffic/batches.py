# SPDX-License-Identifier: Apache-2.0
"""The events of a history a batch at a time, as they lie, of which columns are read when they are needed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from edgeproof.properties.intake import EVENTS, Loaded
from edgeproof.properties.intake.kept import Kept
from edgeproof.properties.intake.plain import groups_of

__all__ = ["Batch", "batches_of", "faults_of", "side_by_side"]

ROWS: Final = 500_000
"""Events of a table of Arrow that are looked at together."""

_MOST: Final = 8
"""Batches that are worked on at once: each takes memory."""

One = TypeVar("One")
Other = TypeVar("Other")


@frozen(eq=False)
class Batch:
    """Some events: how many, how to read some of the columns of `EVENTS`, and whether they may have faults, or
    malformed ones.
    """

    size: int
    read: Callable[[Sequence[str]], pa.Table]
    has_faults: bool
    is_open: bool


def batches_of(events: Loaded | pa.Table) -> list[Batch]:
    """All the events of a history as it was loaded, or of a table."""
    if not isinstance(events, Loaded):
        parts = [events.slice(start, ROWS) for start in range(0, max(len(events), 1), ROWS)]
        return [Batch(len(part), part.select, has_faults=True, is_open=False) for part in parts]
    batches = [
        Batch(groups.size, groups.read, not groups.lacks("kind", "fault"), not file.placed)
        for file in events.files
        for groups in (file.parts if isinstance(file, Kept) else groups_of(file))
    ]
    return batches or batches_of(EVENTS.empty_table())


def faults_of(batches: Sequence[Batch]) -> pa.Table:
    """The faults, or what may have been one."""
    faults = pa.concat_tables([EVENTS.empty_table(), *side_by_side(_faults, batches)])
    return faults.filter(pc.not_equal(faults["outcome"], "fail"))


def _faults(batch: Batch) -> pa.Table:
    if batch.has_faults:
        is_fault = pc.equal(batch.read(("kind",))["kind"].cast(pa.string()), "fault")
        if pc.any(is_fault).as_py():
            return batch.read(EVENTS.names).filter(is_fault).cast(EVENTS)
    return EVENTS.empty_table()


def side_by_side(work: Callable[[One], Other], each: Sequence[One]) -> Iterator[Other]:
    """What some work makes of each, in their order, as many of them at a time as there are processors, or few."""
    if len(each) < 2:
        yield from map(work, each)
        return
    with ThreadPoolExecutor(min(os.cpu_count() or 1, _MOST)) as pool:
        yield from pool.map(work, each)
