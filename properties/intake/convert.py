# SPDX-License-Identifier: Apache-2.0
"""Text sources as Parquet, once: what is checked many times is parsed and judged one time, in bounded memory."""

from __future__ import annotations

import json
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from edgeproof.properties.intake.columns import EVENTS, MALFORMED, IntakeError
from edgeproof.properties.intake.csv_rows import csv_batches
from edgeproof.properties.intake.jsonl import Batch, LineReader, batch_of, rows_of_export
from edgeproof.properties.intake.lines import Block, Readable, blocks
from edgeproof.properties.intake.mapping import ColumnMapping
from edgeproof.properties.intake.otlp import is_export
from edgeproof.properties.intake.row import Row
from edgeproof.properties.intake.sources import Source, opened

__all__ = ["MalformedError", "batches", "write_parquet"]

_GROUP: Final = 122_880
"""Rows of a row group: DuckDB's unit of parallel work."""

_DOCUMENT: Final = 256 * 2**20
"""Of a document that spans lines, in bytes (256 MiB), as it has to be in memory."""


class MalformedError(ValueError):
    """The first malformed line, where none is tolerated."""


def write_parquet(
    sources: Iterable[Source], mapping: ColumnMapping, events: Path, malformed: Path, *, strict: bool = False
) -> None:
    """Write the events and the malformed lines of text sources to two Parquet files.

    Raises OSError for a file that cannot be read, IntakeError for one that cannot be used, and MalformedError for the
    first malformed line if `strict`.
    """
    with (
        pq.ParquetWriter(events, EVENTS) as good,
        pq.ParquetWriter(malformed, MALFORMED) as bad,
    ):
        waiting: list[pa.Table] = []
        for batch in chain.from_iterable(batches(source, mapping) for source in sources):
            if strict and len(batch.malformed):
                raise MalformedError(_first(batch.malformed))
            bad.write_table(batch.malformed)
            waiting.append(batch.events)
            if sum(map(len, waiting)) >= _GROUP:
                good.write_table(pa.concat_tables(waiting))
                waiting = []
        good.write_table(pa.concat_tables([EVENTS.empty_table(), *waiting]))


def batches(source: Source, mapping: ColumnMapping) -> Iterator[Batch]:
    """What is in a text source, in its order. Raises OSError or IntakeError as `write_parquet` does."""
    file = str(source.path)
    try:
        if source.format == "lines" and _is_document(source):
            yield _document(source)
            return
        with opened(source) as stream:
            if source.format == "csv":
                yield from csv_batches(file, stream, mapping)
            else:
                yield from _line_batches(file, stream, mapping)
    except OSError as error:
        raise OSError(f"{file} cannot be read: {error}") from error


def _line_batches(file: str, stream: Readable, mapping: ColumnMapping) -> Iterator[Batch]:
    """Blocks are parsed side by side and handed on in order."""
    local = threading.local()

    def read(block: Block) -> Batch:
        if not hasattr(local, "reader"):
            local.reader = LineReader(mapping)
        batch: Batch = local.reader.read(file, block)
        return batch

    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        under_way: deque[Future[Batch]] = deque()
        for block in blocks(stream):
            under_way.append(pool.submit(read, block))
            if len(under_way) > 2 * workers:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()


def _is_document(source: Source) -> bool:
    """Whether this is one JSON object over many lines, as exporters of spans write it for people to read."""
    if ".json" not in [suffix.lower() for suffix in source.path.suffixes[-2:]]:
        return False
    with opened(source) as stream:
        first = next(blocks(stream, 4096), Block(1, b"")).data.lstrip().split(b"\n", 1)[0]
    return first.strip() == b"{"


def _document(source: Source) -> Batch:
    with opened(source) as stream:
        content = b"".join(iter(lambda: stream.read(2**20), b""))
    if len(content) > _DOCUMENT:
        raise IntakeError(f"{source.path} is too large for one document: write an object per line")
    rows: list[Row] = []
    failures: list[tuple[int, str]] = []
    try:
        said = json.loads(content)
        if not isinstance(said, dict) or not is_export(said):
            raise IntakeError(f"{source.path} is one object over many lines, and no export of spans")
    except (ValueError, RecursionError) as error:
        if isinstance(error, IntakeError):
            raise
        return batch_of(str(source.path), [], [(getattr(error, "lineno", 1), str(error))])
    for row in rows_of_export(1, said):
        if isinstance(row, Row):
            rows.append(row)
        else:
            failures.append((1, str(row)))
    return batch_of(str(source.path), rows, failures)


def _first(malformed: pa.Table) -> str:
    first = min(malformed.to_pylist(), key=lambda one: int(one["line"]))
    return f"{first['file']}, line {first['line']}: {first['problem']}"
