# SPDX-License-Identifier: Apache-2.0
"""Lines of JSON as events: whole blocks at a time where they are plain, line by line where they are not.

`parse.parse_row` says what an event is. The quick way takes only lines about which it cannot be of
another opinion; all others, and all that it refuses, are left to `parse_row`, which also says what is wrong with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from importlib.util import find_spec
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import duckdb
import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj
from attrs import frozen

from edgeproof.properties.intake.columns import EVENTS, MALFORMED, IntakeError, canonical, coded, problem
from edgeproof.properties.intake.lines import Block
from edgeproof.properties.intake.mapping import ColumnMapping
from edgeproof.properties.intake.quick import flat, names_with_dots, of_flat, raw_schema
from edgeproof.properties.intake.row import Row
from edgeproof.properties.intake.rows import Batch, rows_of, sorted_out, together

if TYPE_CHECKING:
    from edgeproof.properties.intake.scan import LineScanner

__all__ = ["LineReader"]

_FEW: Final = 16
"""Lines that are not worth parsing as a block."""

_HOPELESS: Final = 100_000
"""Malformed lines in one block: these are shorter than any event."""

_AT_ONCE: Final = 100_000
"""Lines that are parsed as one table, which has all columns however short its lines are."""

_SHORT: Final = 24
_PART: Final = 2**18
"""Bytes of a block that are looked at together where its lines have fewer than so many each."""

_PLAIN_BYTES: Final = 4096
_PLAIN_NESTING: Final = 100
"""Beyond these a line may be nested more deeply, or have a longer number, than Python's parser accepts."""


@frozen(eq=False)
class _Lines:
    """Some lines of a block: where they begin and end, and their numbers."""

    data: bytes
    starts: Any
    ends: Any
    numbers: Any

    @classmethod
    def of(cls, block: Block) -> _Lines:
        """All lines of a block."""
        ends = np.flatnonzero(np.frombuffer(block.data, np.uint8) == ord("\n"))
        if not len(ends) or ends[-1] != len(block.data) - 1:
            ends = np.append(ends, len(block.data))
        starts = np.concatenate(([0], ends[:-1] + 1))
        return cls(block.data, starts, ends, block.first + np.arange(len(ends)))

    @classmethod
    def among(cls, block: Block, places: Any) -> _Lines:
        """The lines of a block at some places: which they are, from 0, and where each begins and ends."""
        each = [block.padded[begin:end] for _, begin, end in places.tolist()]
        ends = np.cumsum([len(line) + 1 for line in each]) - 1
        return cls(b"\n".join(each), ends - [len(line) for line in each], ends, block.first + places[:, 0])

    def take(self, which: Any) -> _Lines:
        """Those that are marked, or at these places."""
        return _Lines(self.data, self.starts[which], self.ends[which], self.numbers[which])


class LineReader:
    """Reads blocks of lines as one mapping says. One per thread.

    `many` says that there are so many that it pays to scan them by what is compiled.
    """

    def __init__(self, mapping: ColumnMapping, *, many: bool = False) -> None:
        self._mapping = mapping
        self._schema = raw_schema(mapping)
        self._dotted = names_with_dots(mapping)
        self._many = many

    # These take longer than the few lines of a small file do, which need none of them.
    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(config={"threads": 1})

    @cached_property
    def _query(self) -> str:
        return "" if self._schema is None else _query(self._schema, self._mapping)

    @cached_property
    def _scanner(self) -> LineScanner | None:
        if not self._many or find_spec("numba") is None:
            return None
        from edgeproof.properties.intake.scan import line_scanner

        return line_scanner(self._mapping)

    def read(self, file: str, block: Block) -> Batch:
        """The events of a block, and its malformed lines. If they are `many`, text is coded as in `CODED`."""
        scanned = None if self._scanner is None else self._scanner.read(file, block)
        if scanned is None:
            found = self._by_parts(file, block)
            return Batch(coded(found.events), found.malformed) if self._many else found
        events, left = scanned
        if not len(left):
            return Batch(events, MALFORMED.empty_table())
        others = self._read(file, _Lines.among(block, left), block.first)
        return Batch(pa.concat_tables([events, coded(others.events)]), others.malformed)

    def _by_parts(self, file: str, block: Block) -> Batch:
        """What is in a block, at once unless its lines are so short that what is known of each takes more room."""
        found: list[Batch] = []
        for part in [block] if block.ends * _SHORT <= block.size else block.parts(_PART):
            failures = sum(len(one.malformed) for one in found)
            found.append(self._read(file, _Lines.of(part), block.first, failures))
        return together(found)

    def _read(self, file: str, lines: _Lines, first: int, failures: int = 0) -> Batch:
        plain = _plain(lines)
        if self._dotted is not None and self._dotted.search(lines.data):
            for i in np.flatnonzero(plain):
                plain[i] = self._dotted.search(lines.data, lines.starts[i], lines.ends[i]) is None
        left = np.flatnonzero(~plain & ~_empty(lines))
        quick = []
        for indices, table in self._parsed(lines, np.flatnonzero(plain)):
            if table is None:
                left = np.append(left, indices)
            else:
                events, refused = self._judged(table, file, lines.numbers[indices])
                quick.append(events)
                left = np.append(left, indices[refused])
        left.sort()
        slow = sorted_out(_not_hopeless(self._rows(lines.take(left)), file, first, failures), file)
        return Batch(pa.concat_tables([*quick, slow.events]), slow.malformed)

    def _rows(self, lines: _Lines) -> Iterator[tuple[int, Row | ValueError]]:
        for start, end, number in zip(lines.starts.tolist(), lines.ends.tolist(), lines.numbers.tolist(), strict=True):
            for row in rows_of(number, lines.data[start:end], self._mapping):
                yield number, row

    def _parsed(self, lines: _Lines, indices: Any) -> Iterator[tuple[Any, pa.Table | None]]:
        """The lines of these indices, parsed; without a table where that is better done one by one."""
        if not len(indices):
            return
        if self._schema is None or len(indices) < _FEW:
            yield indices, None
            return
        table = self._table(_joined(lines.take(indices))) if len(indices) <= _AT_ONCE else None
        if table is not None and len(table) == len(indices):
            yield indices, table
            return
        middle = len(indices) // 2
        yield from self._parsed(lines, indices[:middle])
        yield from self._parsed(lines, indices[middle:])

    def _table(self, data: Any) -> pa.Table | None:
        options = pj.ParseOptions(explicit_schema=self._schema, unexpected_field_behavior="ignore")
        reading = pj.ReadOptions(use_threads=False, block_size=len(data) + 1)
        try:
            return pj.read_json(BytesIO(data), reading, options)
        except (pa.ArrowInvalid, UnicodeDecodeError):
            return None

    def _judged(self, table: pa.Table, file: str, numbers: Any) -> tuple[pa.Table, Any]:
        """The well-formed events of a table, and the places of the lines that may be none."""
        table = flat(table, self._mapping)
        block = table.append_column("line ", pa.array(numbers)).append_column("file ", pa.repeat(file, len(table)))
        judged = self._connection.register("block", block).sql(self._query).to_arrow_table()
        # Whether `return` was null or missing is forgotten by now.
        fine = pc.and_(pc.is_null(judged["problem"]), pc.is_valid(judged["returned"]))
        refused = judged.filter(pc.invert(fine))["line"].to_numpy()
        return judged.filter(fine).select(EVENTS.names).cast(EVENTS), np.searchsorted(numbers, refused)


def _not_hopeless(
    rows: Iterator[tuple[int, Row | ValueError]], file: str, first: int, failures: int
) -> Iterator[tuple[int, Row | ValueError]]:
    """The same, unless so much is malformed in so little that this is no history, and may be meant to keep us busy.

    So many of the lines from `first` on were malformed before these.
    """
    for number, row in rows:
        failures += isinstance(row, ValueError)
        if failures > _HOPELESS:
            raise IntakeError(f"{file}: more than {_HOPELESS:,} lines from line {first} on are malformed, as {row}")
        yield number, row


def _plain(lines: _Lines) -> Any:
    """Which lines the quick way may look at: an object each, in UTF-8, not too large, without numbers like NaN."""
    data, starts, ends = lines.data, lines.starts, lines.ends
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


def _empty(lines: _Lines) -> Any:
    """Which lines have nothing in them, not even a space."""
    if not lines.data:
        return np.ones(len(lines.ends), bool)
    length = lines.ends - lines.starts
    first = np.frombuffer(lines.data, np.uint8)[np.minimum(lines.starts, len(lines.data) - 1)]
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


def _joined(lines: _Lines) -> bytes:
    """The lines one after the other."""
    if len(lines.numbers) == lines.numbers[-1] - lines.numbers[0] + 1:
        return lines.data[lines.starts[0] : lines.ends[-1]]
    return b"\n".join([lines.data[start:end] for start, end in zip(lines.starts, lines.ends, strict=True)])


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
