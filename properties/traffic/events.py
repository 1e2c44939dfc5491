# SPDX-License-Identifier: Apache-2.0
"""The events of a history as columns of numbers: the reads that got an answer a batch at a time, the others at once."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
from attrs import evolve, frozen

from edgeproof.properties.intake import EVENTS
from edgeproof.properties.traffic.coded import OK, READ, Vocabulary
from edgeproof.properties.traffic.table import Flags, Floats, Table, concat

__all__ = ["Recorded", "malformed_lines", "recorded"]

BATCH: Final = 250_000
"""Events that are looked at together."""
KEPT: Final = 4_000_000
"""Events that are kept in memory: of more, the reads are read again whenever they are looked at."""


@frozen(eq=False)
class Recorded:
    """A history: its words, its reads that got an answer, and all its other events."""

    vocabulary: Vocabulary
    others: Table
    answered: Callable[[], Iterable[Table]]
    returned_at: Callable[[Floats], Iterable[Table]]
    """Those of the reads that returned at one of some moments."""
    kept: bool
    """Whether the reads are in memory, so that they are worked on once, and not whenever they are looked at."""

    def each(self, work: Callable[[Table], Table]) -> Recorded:
        """The same with what some work makes of each batch of reads."""
        if self.kept:
            return _kept(self.vocabulary, self.others, [work(batch) for batch in self.answered()])
        return evolve(
            self,
            answered=lambda: map(work, self.answered()),
            returned_at=lambda moments: map(work, self.returned_at(moments)),
        )


def _kept(vocabulary: Vocabulary, others: Table, answered: list[Table]) -> Recorded:
    def returned_at(moments: Floats) -> Iterator[Table]:
        return (reads.take(np.isin(reads.returned, moments)) for reads in answered)

    return Recorded(vocabulary, others, lambda: answered, returned_at, kept=True)


def recorded(events: Any) -> Recorded:
    """A history, of a table of Arrow or one that a backend evaluates, with the columns of `EVENTS`."""
    vocabulary = Vocabulary()
    nothing = vocabulary.coded(EVENTS.empty_table())
    answered, others, size = [nothing], [nothing], 0
    batches = _batches(events)
    for batch in batches:
        coded = vocabulary.coded(batch)
        size += len(coded)
        if size > KEPT and not isinstance(events, pa.Table):
            batches.close()
            return _of_many(events, vocabulary)
        told = _answered(coded)
        answered.append(coded.take(told))
        others.append(coded.take(~told))
    return _kept(vocabulary, concat(others), answered)


def _of_many(events: Any, vocabulary: Vocabulary) -> Recorded:
    """In two parts, each of which Parquet's statistics spare most of a file."""
    told = (events.kind == "read") & (events.outcome == "ok")
    rest = [vocabulary.coded(batch) for batch in _batches(events.filter(~told))]
    others = concat([vocabulary.coded(EVENTS.empty_table()), *rest])

    def answered(those: Any = told) -> Iterator[Table]:
        return (vocabulary.coded(batch) for batch in _batches(events.filter(those)))

    def returned_at(moments: Floats) -> Iterator[Table]:
        return answered(told & events.returned.isin(moments.tolist()))

    return Recorded(vocabulary, others, answered, returned_at, kept=False)


def malformed_lines(malformed: Any, most: int) -> tuple[int, list[dict[str, Any]]]:
    """How many malformed lines there are, and the first few: of a table with the columns of `MALFORMED`, or of whoever
    says so when it is called.
    """
    if callable(malformed):
        count, first = malformed(most)
        return count, first
    count = len(malformed) if isinstance(malformed, pa.Table) else int(malformed.count().to_pyarrow().as_py())
    if not count:
        return 0, []
    if not isinstance(malformed, pa.Table):
        malformed = malformed.order_by(["file", "line"]).limit(most).to_pyarrow()
    rows: list[dict[str, Any]] = malformed.sort_by([("file", "ascending"), ("line", "ascending")]).to_pylist()
    return count, rows[:most]


def _batches(events: Any) -> Generator[pa.RecordBatch | pa.Table]:
    """The events of a table, some at a time. It has to be done, or closed, before DuckDB is asked for anything else."""
    if isinstance(events, pa.Table):
        yield events
        return
    backend = events.get_backend()
    reader = backend.con.sql(backend.compile(events)).to_arrow_reader(BATCH)
    try:
        yield from reader
    finally:
        reader.close()


def _answered(events: Table) -> Flags:
    found: Flags = np.logical_and(events.kind == READ, events.outcome == OK)
    return found
