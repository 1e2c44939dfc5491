# SPDX-License-Identifier: Apache-2.0
"""Lines of JSON as events: whole blocks at a time where they are plain, line by line where they are not.

`parse.parse_row` says what an event is. The quick way takes only lines about which it cannot be of
another opinion; all others, and all that it refuses, are left to `parse_row`, which also says what is wrong with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from io import BytesIO
from typing import Any, Final

import duckdb
import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from edgeproof.properties.intake.columns import EVENTS, IntakeError, canonical, problem
from edgeproof.properties.intake.lines import Block
from edgeproof.properties.intake.mapping import ColumnMapping
from edgeproof.properties.intake.quick import flat, names_with_dots, of_flat, raw_schema
from edgeproof.properties.intake.row import Row
from edgeproof.properties.intake.rows import Batch, rows_of, sorted_out

__all__ = ["LineReader"]

_FEW: Final = 16
"""Lines that are not worth parsing as a block."""

_HOPELESS: Final = 100_000
"""Malformed lines in one block: these are shorter than any event."""

_AT_ONCE: Final = 100_000
"""Lines that are parsed as one table, which has all columns however short its lines are."""

_PLAIN_BYTES: Final = 4096
_PLAIN_NESTING: Final = 100
"""Beyond these a line may be nested more deeply, or have a longer number, than Python's parser accepts."""


class LineReader:
    """Reads blocks of lines as one mapping says. One per thread."""

    def __init__(self, mapping: ColumnMapping) -> None:
        self._mapping = mapping
        self._schema = raw_schema(mapping)
        self._dotted = names_with_dots(mapping)

    # Both take longer than the few lines of a small file do, which need neither.
    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(config={"threads": 1})

    @cached_property
    def _query(self) -> str:
        return "" if self._schema is None else _query(self._schema, self._mapping)

    def read(self, file: str, block: Block) -> Batch:
        """The events of a block, and its malformed lines."""
        ends = np.flatnonzero(np.frombuffer(block.data, np.uint8) == ord("\n"))
        if not len(ends) or ends[-1] != len(block.data) - 1:
            ends = np.append(ends, len(block.data))
        starts = np.concatenate(([0], ends[:-1] + 1))
        plain = _plain(block.data, starts, ends)
        if self._dotted is not None and self._dotted.search(block.data):
            for i in np.flatnonzero(plain):
                plain[i] = self._dotted.search(block.data, starts[i], ends[i]) is None
        left = np.flatnonzero(~plain & ~_empty(block.data, starts, ends))
        quick = []
        for indices, table in self._parsed(block.data, starts, ends, np.flatnonzero(plain)):
            if table is None:
                left = np.append(left, indices)
            else:
                events, refused = self._judged(table, file, block.first + indices)
                quick.append(events)
                left = np.append(left, refused - block.first)
        left.sort()
        slow = self._one_by_one(file, block, ((int(starts[i]), int(ends[i]), int(i)) for i in left))
        return Batch(pa.concat_tables([*quick, slow.events]), slow.malformed)

    def _one_by_one(self, file: str, block: Block, found: Iterator[tuple[int, int, int]]) -> Batch:
        return sorted_out(_not_hopeless(self._rows(block, found), file, block.first), file)

    def _rows(self, block: Block, found: Iterator[tuple[int, int, int]]) -> Iterator[tuple[int, Row | ValueError]]:
        for start, end, index in found:
            for row in rows_of(block.first + index, block.data[start:end], self._mapping):
                yield block.first + index, row

    def _parsed(self, data: bytes, starts: Any, ends: Any, indices: Any) -> Iterator[tuple[Any, pa.Table | None]]:
        """The lines of these indices, parsed; without a table where that is better done one by one."""
        if not len(indices):
            return
        if self._schema is None or len(indices) < _FEW:
            yield indices, None
            return
        table = self._table(_joined(data, starts, ends, indices)) if len(indices) <= _AT_ONCE else None
        if table is not None and len(table) == len(indices):
            yield indices, table
            return
        middle = len(indices) // 2
        yield from self._parsed(data, starts, ends, indices[:middle])
        yield from self._parsed(data, starts, ends, indices[middle:])

    def _table(self, data: Any) -> pa.Table | None:
        options = pj.ParseOptions(explicit_schema=self._schema, unexpected_field_behavior="ignore")
        reading = pj.ReadOptions(use_threads=False, block_size=len(data) + 1)
        try:
            return pj.read_json(BytesIO(data), reading, options)
        except (pa.ArrowInvalid, UnicodeDecodeError):
            return None

    def _judged(self, table: pa.Table, file: str, numbers: Any) -> tuple[pa.Table, Any]:
        """The well-formed events of a table, and the numbers of the lines that may be none."""
        table = flat(table, self._mapping)
        block = table.append_column("line ", pa.array(numbers)).append_column("file ", pa.repeat(file, len(table)))
        judged = self._connection.register("block", block).sql(self._query).to_arrow_table()
        # Whether `return` was null or missing is forgotten by now.
        fine = pc.and_(pc.is_null(judged["problem"]), pc.is_valid(judged["returned"]))
        refused = judged.filter(pc.invert(fine))["line"].to_numpy()
        return judged.filter(fine).select(EVENTS.names).cast(EVENTS), refused


def _not_hopeless(
    rows: Iterator[tuple[int, Row | ValueError]], file: str, first: int
) -> Iterator[tuple[int, Row | ValueError]]:
    """The same, unless so much is malformed in so little that this is no history, and may be meant to keep us busy."""
    failures = 0
    for number, row in rows:
        failures += isinstance(row, ValueError)
        if failures > _HOPELESS:
            raise IntakeError(f"{file}: more than {_HOPELESS:,} lines from line {first} on are malformed, as {row}")
        yield number, row


def _plain(data: bytes, starts: Any, ends: Any) -> Any:
    """Which lines the quick way may look at: an object each, in UTF-8, not too large, without numbers like NaN."""
    if not len(data):
        return np.zeros(len(ends), bool)
    raw = np.frombuffer(data, np.uint8)
    last = ends - 1
    last = np.where(raw[last] == ord("\r"), last - 1, last)
    plain = (ends > starts) & (ends - starts <= _PLAIN_BYTES)
    plain &= (raw[np.minimum(starts, len(raw) - 1)] == ord("{")) & (raw[last] == ord("}"))
    if not data.isascii() or b"NaN" in data or b"Inf" in data or _may_be_nested(data, len(ends)):
        for i in np.flatnonzero(plain):
            plain[i] = _is_plain(data[starts[i] : ends[i]])
    return plain


def _empty(data: bytes, starts: Any, ends: Any) -> Any:
    """Which lines have nothing in them, not even a space."""
    if not data:
        return np.ones(len(ends), bool)
    length = ends - starts
    first = np.frombuffer(data, np.uint8)[np.minimum(starts, len(data) - 1)]
    return (length == 0) | ((length == 1) & (first == ord("\r")))


def _may_be_nested(data: bytes, lines: int) -> bool:
    return data.count(b"{") + data.count(b"[") > lines + _PLAIN_NESTING


def _is_plain(line: bytes) -> bool:
    if b"NaN" in line or b"Inf" in line or line.count(b"{") + line.count(b"[") > _PLAIN_NESTING:
        return False
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _joined(data: bytes, starts: Any, ends: Any, indices: Any) -> bytes:
    if len(indices) == indices[-1] - indices[0] + 1:
        return data[starts[indices[0]] : ends[indices[-1]]]
    return b"\n".join([data[starts[i] : ends[i]] for i in indices])


def _query(schema: pa.Schema, mapping: ColumnMapping) -> str:
    """What makes events of a parsed block, each with what is wrong with it."""
    fields = [
        *flat(schema.empty_table(), mapping).schema,
        pa.field("line ", pa.int64()),
        pa.field("file ", pa.string()),
    ]
    block = ibis.table(ibis.Schema.from_pyarrow(pa.schema(fields)), name="block")
    events = canonical(block, of_flat(mapping), block["file "], block["line "])
    return str(ibis.to_sql(events.mutate(problem=problem(events)), dialect="duckdb"))
