# SPDX-License-Identifier: Apache-2.0
"""Sources as events with our columns: what is checked many times is parsed and judged once, in bounded memory."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from edgeproof.properties.intake.columns import MALFORMED, coded
from edgeproof.properties.intake.jsonl import LineReader
from edgeproof.properties.intake.kept import Keeper, Kept
from edgeproof.properties.intake.lines import Block, Readable, blocks
from edgeproof.properties.intake.malformed import NOTHING, Count, hold_against
from edgeproof.properties.intake.mapping import ColumnMapping
from edgeproof.properties.intake.parse import Named, check_once
from edgeproof.properties.intake.records import Record, beginning, has_lines, named, own_of, records_of
from edgeproof.properties.intake.row import COLUMNS, Row
from edgeproof.properties.intake.rows import Batch, rows_of_record, sorted_out
from edgeproof.properties.intake.sources import Source, has_many, opened

__all__ = ["batches", "keep", "line_batches"]

_MANY: Final = 20_000
"""Records that are made a table at once."""

_HOPELESS: Final = 20_000
"""Malformed lines without an event among them, after which it is asked why."""


def keep(
    sources: Iterable[Source], mapping: ColumnMapping, events: Path, malformed: Path, *, strict: bool = False
) -> Kept:
    """Keep the events of some sources in a file, and write their malformed lines to one of Parquet.

    Raises OSError for a file that cannot be read, IntakeError for one that cannot be used, or whose columns are none of
    ours, and MalformedError for the first malformed line if `strict`.
    """
    with Keeper(events) as keeper, pq.ParquetWriter(malformed, MALFORMED) as bad:
        for batch in (one for source in sources for one in _fitting(source, mapping.of(source.path), strict)):
            if len(batch.malformed):
                bad.write_table(batch.malformed)
            keeper.add(coded(batch.events))
    return keeper.kept


def _fitting(source: Source, mapping: ColumnMapping, strict: bool) -> Iterator[Batch]:
    """What is in a source, unless none of it is an event for want of a mapping, or of a better one."""
    count = NOTHING
    for batch in batches(source, mapping):
        count += Count.of(batch)
        if strict or count.malformed >= _HOPELESS:
            hold_against(source, mapping, count, strict=strict)
        yield batch
    hold_against(source, mapping, count, strict=strict)


def batches(source: Source, mapping: ColumnMapping) -> Iterator[Batch]:
    """What is in a source, in its order. Raises OSError or IntakeError as `keep` does."""
    file = str(source.path)
    with named(source):
        if has_lines(source):
            with opened(source) as stream:
                yield from line_batches(file, stream, mapping, many=has_many(source))
            return
        if source.format == "csv" and has_many(source) and find_spec("numba") is not None:
            yield from _csv_batches(source, mapping)
            return
        yield from _batches_of(records_of(source), own_of(source, mapping), file)


def _csv_batches(source: Source, mapping: ColumnMapping) -> Iterator[Batch]:
    """What is in a large file of CSV, text being coded."""
    from edgeproof.properties.intake.csv_scanner import scanned_csv

    file, own = str(source.path), own_of(source, mapping)
    beginning(source)
    with opened(source) as stream:
        for events, records in scanned_csv(file, stream, mapping):
            yield Batch(events, MALFORMED.empty_table())
            for batch in _batches_of(records, own, file):
                yield Batch(coded(batch.events), batch.malformed)


def _batches_of(records: Iterator[Record], own: tuple[ColumnMapping, ...], file: str) -> Iterator[Batch]:
    rows = _rows(records, own)
    while some := list(islice(rows, _MANY)):
        yield sorted_out(iter(some), file)


def _rows(records: Iterator[Record], own: tuple[ColumnMapping, ...]) -> Iterator[tuple[int, Row | ValueError]]:
    for number, said in records:
        if isinstance(said, ValueError):
            yield number, said
            continue
        try:
            if isinstance(said, Named):
                check_once(said, own[0].names if own else COLUMNS)
        except ValueError as error:
            yield number, error
        else:
            yield from ((number, row) for row in rows_of_record(number, said, own))


def line_batches(file: str, stream: Readable, mapping: ColumnMapping, first: int = 1, *, many: bool) -> Iterator[Batch]:
    """What is in the lines of a file, `first` being the number of the first one. Blocks are parsed side by side and
    handed on in order. Of `many` lines text is coded.
    """
    local = threading.local()

    def read(block: Block) -> Batch:
        if not hasattr(local, "reader"):
            local.reader = LineReader(mapping, many=many)
        batch: Batch = local.reader.read(file, block)
        return batch

    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        under_way: deque[Future[Batch]] = deque()
        for block in blocks(stream, first=first):
            under_way.append(pool.submit(read, block))
            if len(under_way) > 2 * workers:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
