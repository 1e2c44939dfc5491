# SPDX-License-Identifier: Apache-2.0
"""Large files of CSV as events by a compiled pass: rows about which it is of no opinion are left to `csv_rows`, and so
is all the rest of a file from the first row on that goes over several lines.

To import this takes longer than a small file does.
"""

from __future__ import annotations

import csv
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from io import BytesIO
from itertools import chain
from typing import Final

import numpy as np
import pyarrow as pa
from attrs import frozen

from edgeproof.properties.intake.cells import Cells
from edgeproof.properties.intake.columns import CODED
from edgeproof.properties.intake.csv_rows import csv_records, delimiter
from edgeproof.properties.intake.csv_scan import scan_rows
from edgeproof.properties.intake.events_of_cells import Scanned
from edgeproof.properties.intake.expected import Columns, columns_of, joined_paths
from edgeproof.properties.intake.lines import BOM, Block, Readable, blocks, is_utf8
from edgeproof.properties.intake.mapping import ColumnMapping
from edgeproof.properties.intake.otlp import EXPORTS
from edgeproof.properties.intake.scan_judge import Judge
from edgeproof.properties.intake.tokens import LINE, Ints

__all__ = ["scanned_csv"]

_SHORT: Final = 8
"""Bytes a line, on the average: of fewer there is no event, and their arrays would be larger than they are."""

Records = Iterator[tuple[int, Mapping[str, str] | ValueError]]


@frozen(eq=False)
class _Header:
    """The first line of a file, what parts the cells of a row, and the kind and the number of each column."""

    line: bytes
    mark: int
    each: Ints
    columns: Columns


@frozen(eq=False)
class _Found:
    """The events of a block; the lines that are left to others, with their numbers; and from which byte and line on it
    was not looked at, if it was not to its end.
    """

    events: pa.Table
    left: list[bytes]
    numbers: list[int]
    stop: tuple[int, int] | None


def scanned_csv(
    file: str, stream: Readable, mapping: ColumnMapping, size: int | None = None
) -> Iterator[tuple[pa.Table, Records]]:
    """The events of a file, with the columns of `CODED`, some at a time, with the records that have to be looked at
    one by one. Raises IntakeError for a file without a usable header.
    """
    each = blocks(stream) if size is None else blocks(stream, size)
    first = next(each, None)
    if first is None:
        return
    header = _header(first.data, mapping)
    if header is None:
        yield CODED.empty_table(), csv_records(file, _Parts(chain([BOM, first.data], (block.data for block in each))))
        return
    behind = Block.of(first.first + 1, first.data[len(header.line) :])
    waiting = chain([behind] if behind.data else [], each)
    with _Pool(file, header, mapping) as pool:
        for block, found in pool.each(waiting):
            yield found.events, _records(file, header, found)
            if found.stop is not None:
                at, number = found.stop
                rest = chain([BOM, header.line, block.data[at:]], (later.data for later in pool.later(waiting)))
                yield CODED.empty_table(), _shifted(csv_records(file, _Parts(rest)), number - 2)
                return


def _header(data: bytes, mapping: ColumnMapping) -> _Header | None:
    """The header of a file that begins so; None for one that it takes more to make sense of."""
    line = data[: data.find(b"\n") + 1]
    plain = line.removesuffix(b"\n").removesuffix(b"\r")
    if not 0 < len(plain) <= LINE or b'"' in plain or b"\r" in plain or not is_utf8(plain):
        return None
    mark = delimiter(plain.decode())
    names = next(csv.reader([plain.decode()], delimiter=mark))
    columns = columns_of(mapping, typed=False)
    if columns is None or len(set(names)) < len(names) or set(names) & set(EXPORTS):
        return None
    each = np.full((len(names), 2), -1, np.int64)
    if any({path, *_heads(path)} & set(names) for path in joined_paths(mapping)):
        return None
    for number, said in enumerate(columns.said):
        for path in said.paths:
            if _heads(path) & set(names):
                return None
            if path in names:
                if each[names.index(path), 0] >= 0:
                    return None
                each[names.index(path)] = said.kind, number
    return _Header(line, ord(mark), each, columns)


def _heads(path: str) -> set[str]:
    """What a path may begin with, as the name of what it leads through."""
    return {path[:cut] for cut in range(len(path)) if path[cut] == "."}


class _Pool:
    """Scans blocks side by side, and hands on what is in them in order."""

    def __init__(self, file: str, header: _Header, mapping: ColumnMapping) -> None:
        self._file, self._header, self._mapping = file, header, mapping
        self._local = threading.local()
        self._workers = os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self._workers)
        self._under_way: deque[tuple[Block, Future[_Found]]] = deque()

    def __enter__(self) -> _Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def each(self, waiting: Iterator[Block]) -> Iterator[tuple[Block, _Found]]:
        """The blocks, and what is in them."""
        for block in waiting:
            self._under_way.append((block, self._pool.submit(self._read, block)))
            if len(self._under_way) > 2 * self._workers:
                yield self._next()
        while self._under_way:
            yield self._next()

    def later(self, waiting: Iterator[Block]) -> Iterator[Block]:
        """The blocks behind the last one, as they are."""
        while self._under_way:
            yield self._under_way.popleft()[0]
        yield from waiting

    def _next(self) -> tuple[Block, _Found]:
        block, found = self._under_way.popleft()
        return block, found.result()

    def _read(self, block: Block) -> _Found:
        if not hasattr(self._local, "scanner"):
            self._local.scanner = _Scanner(self._header, self._mapping)
        found: _Found = self._local.scanner.read(self._file, block)
        return found


class _Scanner:
    """Scans blocks of rows under one header as one mapping says. One per thread."""

    def __init__(self, header: _Header, mapping: ColumnMapping) -> None:
        self._header, self._mapping = header, mapping
        self._judge = Judge(mapping)
        self._used: Cells | None = None

    def read(self, file: str, block: Block) -> _Found:
        """What is in a block."""
        header, lines, size = self._header, block.ends + 1, block.size
        if lines * _SHORT > size or not is_utf8(block.padded):
            return _Found(CODED.empty_table(), [], [], (0, block.first))
        data, columns = np.frombuffer(block.padded, np.uint8), header.columns
        self._used = cells = columns.room(lines, self._used)
        rows, others, at, line = scan_rows(data, 0, size, header.mark, header.each, *columns.forms, *cells.arrays)
        scanned = Scanned(data, cells, rows, columns, self._mapping, _csv_text)
        events, doubtful = self._judge.sound(scanned, file, block.first)
        places = np.concatenate((cells.left[:others], doubtful))
        places = places[np.argsort(places[:, 0])]
        each = [block.padded[begin:end] for _, begin, end in places.tolist()]
        numbers = (block.first + places[:, 0]).tolist()
        return _Found(events, each, numbers, None if at >= size else (at, block.first + line))


def _records(file: str, header: _Header, found: _Found) -> Records:
    """What is in the lines that are left, which are a row each."""
    if found.left:
        lines = BytesIO(BOM + header.line + b"".join(line + b"\n" for line in found.left))
        for number, said in csv_records(file, lines):
            yield found.numbers[number - 2], said


def _shifted(records: Records, by: int) -> Records:
    for number, said in records:
        yield number + by, said


def _csv_text(word: str) -> str:
    return word.replace('""', '"')


class _Parts:
    """A stream of bytes that come in parts."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._rest = memoryview(b"")

    def read(self, size: int, /) -> bytes:
        if not self._rest:
            self._rest = memoryview(next(self._parts, b""))
        found, self._rest = self._rest[:size], self._rest[size:]
        return bytes(found)
