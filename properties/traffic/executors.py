# SPDX-License-Identifier: Apache-2.0
"""A history on a cluster of Spark: the executors read it, hand the events of each unit to one of them, and judge.

That is one shuffle, by parts of all units, of packets of events. The executors parse text as well, and what they find
comes back: for each part what its kernel says, and for each split how many events and malformed lines it had. They need
what this process needs: Python, edgeproof with its extra `check`, and the files under the same paths.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from attrs import define, frozen

from edgeproof.impl.scratch import OwnedDirectory
from edgeproof.properties.intake import EVENTS, ColumnMapping, IntakeError
from edgeproof.properties.intake.malformed import NOTHING, Count, hold_against
from edgeproof.properties.intake.numbering import number_versions
from edgeproof.properties.intake.plausible import ask_back
from edgeproof.properties.intake.rows import Batch
from edgeproof.properties.intake.sources import Source, find_sources
from edgeproof.properties.intake.splits import Split, count_lines, numbered, read_split, splits_of
from edgeproof.properties.intake.unfit import refuse_all
from edgeproof.properties.traffic.backends import BackendError, open_duckdb
from edgeproof.properties.traffic.facts import Facts, gather
from edgeproof.properties.traffic.parcels import parcels, unpacked

__all__ = ["Cluster", "on_cluster"]

Kernel = Callable[[Facts], Any]
Batches = Iterable[pa.RecordBatch]

_EACH: Final = 3
"""Parts that a core of the executors has at least, so that all are done at about the same time."""

_PART: Final = 8_000_000
"""Events of a part, at most, as far as units can be told apart."""

_TOGETHER: Final = 500_000
"""Events that are packed together, at least, and for each part so many: packets of fewer would be mostly packing."""
_OF_A_PART: Final = 500

_PACKETS: Final = "part int, what string, packet binary"
_EVENTS, _EVICTIONS, _COUNTED = "events", "evictions", "counted"


@define
class Cluster:
    """A history on a cluster, to be asked. What is malformed is known once it was.

    Asking raises IntakeError and MalformedError as reading it here would, and BackendError where executors fail.
    """

    session: Any
    sources: Sequence[Source]
    mapping: ColumnMapping
    strict: bool
    splits: Sequence[Split]
    parts: int
    _malformed: Count = NOTHING

    def ask(self, kernel: Kernel) -> list[Any]:
        """Asks the executors for something of the units that each of them has."""
        rows = _collected(self._judged(kernel))
        found = [one for row in rows for one in pickle.loads(row["found"])]
        self._hold([one for one in found if isinstance(one, _Counted)])
        if refusals := [one for one in found if isinstance(one, IntakeError)]:
            raise refusals[0]
        return [one.said for one in found if isinstance(one, _Said)] or [kernel(gather(EVENTS.empty_table()))]

    def malformed_lines(self, most: int) -> tuple[int, list[dict[str, Any]]]:
        """How many malformed lines there are, and the first few, of at most three."""
        return self._malformed.malformed, [dict(row) for row in self._malformed.first[:most]]

    def plan(self) -> str:
        """How Spark does it: its physical plan, from the last step to the first."""
        with redirect_stdout(io.StringIO()) as said:
            self._judged(_nothing).explain()
        return said.getvalue()

    def _judged(self, kernel: Kernel) -> Any:
        splits = self.session.range(0, len(self.splits), 1, len(self.splits))
        packets = splits.mapInArrow(_reading(self.splits, self.parts), _PACKETS)
        shuffled = packets.repartition(self.parts, "part")
        return shuffled.mapInArrow(_judging(kernel, self.mapping.order), "found binary")

    def _hold(self, counted: list[_Counted]) -> None:
        """Raises what reading raises of files that were counted so."""
        counts: dict[Path, Count] = {}
        for one in sorted(counted, key=lambda one: one.split):
            path = self.splits[one.split].source.path
            counts[path] = counts.get(path, NOTHING) + one.count
        for source in self.sources:
            hold_against(source, self.mapping.of(source.path), counts.get(source.path, NOTHING), strict=self.strict)
        self._malformed = sum((counts[path] for path in sorted(counts)), NOTHING)
        if not self._malformed.events and not any(split.in_place for split in self.splits):
            refuse_all(self.sources, self.mapping)


@frozen
class _Said:
    """What a kernel said of a part."""

    said: Any


@frozen
class _Counted:
    """What was counted in a split, by its number."""

    split: int
    count: Count


def on_cluster(session: Any, paths: Sequence[Path], mapping: ColumnMapping, *, strict: bool = False) -> Cluster:
    """A history on a cluster, from files that its executors find under the same paths.

    Raises OSError and IntakeError for what cannot be used, and BackendError where executors fail.
    """
    sources = find_sources(paths)
    ask_back(sources, mapping)
    workers = session.sparkContext.defaultParallelism
    splits = _numbered(session, splits_of(sources, mapping, workers))
    parts = max(_EACH * workers, sum(split.events for split in splits) // _PART)
    return Cluster(session, sources, mapping, strict, splits, parts)


def _numbered(session: Any, splits: list[Split]) -> list[Split]:
    """The splits with the numbers of their lines: executors count these where a file of text has several splits."""
    if not any(split.begin for split in splits if not split.in_place):
        return splits
    lines = [0] * len(splits)
    every = session.range(0, len(splits), 1, len(splits))
    for row in _collected(every.mapInArrow(_counting(splits), "split long, lines long")):
        lines[row["split"]] = row["lines"]
    return numbered(splits, lines)


def _collected(frame: Any) -> list[Any]:
    """The rows of a frame. Raises BackendError, with the last thing that Python said there, where executors fail."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException, PythonException

    try:
        rows: list[Any] = frame.collect()
    except (PySparkException, Py4JError) as error:
        said = [line for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
        why = said[-1] if isinstance(error, PythonException) else said[0]
        raise BackendError(f"the executors failed, which need Python with edgeproof[check]: {why}") from error
    return rows


def _counting(splits: Sequence[Split]) -> Callable[[Batches], Iterator[pa.RecordBatch]]:
    """What an executor does to count the lines of some splits of text."""

    def count(batches: Batches) -> Iterator[pa.RecordBatch]:
        for number in _numbers(batches):
            if splits[number].end is not None and not splits[number].in_place:
                lines = count_lines(splits[number])
                yield pa.RecordBatch.from_pydict({"split": [number], "lines": [lines]})

    return count


def _reading(splits: Sequence[Split], parts: int) -> Callable[[Batches], Iterator[pa.RecordBatch]]:
    """What an executor does with some splits: it reads their events, and packs them by part."""

    def read(batches: Batches) -> Iterator[pa.RecordBatch]:
        for number in _numbers(batches):
            count = NOTHING
            try:
                for batch in _together(splits[number], max(_TOGETHER, _OF_A_PART * parts)):
                    count += Count.of(batch)
                    yield _packets([(part, _EVENTS, packet) for part, packet in parcels(batch.events, parts)])
                    yield _packets(_evictions(batch.events, parts))
                said: Any = _Counted(number, count)
            except (OSError, ValueError) as error:
                said = IntakeError(str(error))
            yield _packets([(number % parts, _COUNTED, pickle.dumps(said))])

    return read


def _judging(kernel: Kernel, order: str) -> Callable[[Batches], Iterator[pa.RecordBatch]]:
    """What an executor does with the packets of some parts."""

    def judge(batches: Batches) -> Iterator[pa.RecordBatch]:
        packets: dict[str, list[bytes]] = {_EVENTS: [], _EVICTIONS: [], _COUNTED: []}
        for batch in batches:
            for what, packet in zip(batch["what"].to_pylist(), batch["packet"].to_pylist(), strict=True):
                packets[what].append(packet)
        found = [pickle.loads(packet) for packet in packets[_COUNTED]]
        if packets[_EVENTS]:
            events, evictions = unpacked(packets.pop(_EVENTS)), unpacked(packets.pop(_EVICTIONS))
            try:
                found.append(_Said(kernel(gather(_in_order(events, order), evictions))))
            except IntakeError as error:
                found.append(error)
        yield pa.RecordBatch.from_pydict({"found": [pickle.dumps(found)]})

    return judge


def _numbers(batches: Batches) -> Iterator[int]:
    for batch in batches:
        yield from batch.column(0).to_pylist()


def _together(split: Split, most: int) -> Iterator[Batch]:
    """What is in a split, many events at a time."""
    waiting: list[Batch] = []
    size = 0
    for batch in read_split(split, open_duckdb("1GB", 1), most):
        waiting.append(batch)
        size += len(batch.events)
        if size >= most:
            yield _joined(waiting)
            waiting, size = [], 0
    if waiting:
        yield _joined(waiting)


def _joined(batches: Sequence[Batch]) -> Batch:
    return Batch(pa.concat_tables([b.events for b in batches]), pa.concat_tables([b.malformed for b in batches]))


def _evictions(events: pa.Table, parts: int) -> list[tuple[int, str, bytes]]:
    """The evictions among some events, for all parts: an isolate serves many units, which all are told."""
    faults = events.filter(pc.and_(pc.equal(events["kind"], "fault"), pc.equal(events["note"], "evict")))
    return [(part, _EVICTIONS, packet) for _, packet in parcels(faults, 1) for part in range(parts)]


def _packets(rows: list[tuple[int, str, bytes]]) -> pa.RecordBatch:
    part, what, packet = zip(*rows, strict=True) if rows else ((), (), ())
    return pa.record_batch(
        [pa.array(part, pa.int32()), pa.array(what, pa.string()), pa.array(packet, pa.binary())],
        ["part", "what", "packet"],
    )


def _in_order(events: pa.Table, order: str) -> pa.Table:
    """The events with numbers for versions that are text, in the order of their commits."""
    if order != "commits":
        return events
    with OwnedDirectory("numbering") as place:
        path = Path(place, "events.parquet")
        pq.write_table(events.cast(EVENTS), path)
        return pq.read_table(number_versions(path)).cast(EVENTS)


def _nothing(facts: Facts) -> None:
    """Stands for any kernel in a plan that is only looked at."""
