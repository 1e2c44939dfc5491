# SPDX-License-Identifier: Apache-2.0
"""Parquet whose columns are ours, but for their names and units: its row groups are read as they lie, a few at a time.

Text stays numbers of the words of a dictionary, as Parquet has it, and what a row group has nothing of is not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from attrs import frozen

from edgeproof.properties.intake.columns import EVENTS, NEEDED
from edgeproof.properties.intake.in_place import as_parquet, in_place
from edgeproof.properties.intake.mapping import ColumnMapping
from edgeproof.properties.intake.row import COLUMNS, FLAGS, NATURALS, TIMES
from edgeproof.properties.intake.values import PER_SECOND

__all__ = ["Groups", "Plain", "groups_of", "plain"]

_MANY: Final = 500_000
"""Rows of row groups that are read together, unless one has more."""

_KIND: Final = pa.dictionary(pa.int32(), pa.string())
_FEW: Final = ("kind", "outcome")
"""Columns of few short words, which may have but one."""

_EXACT: Final = ("s", "ms", "us")
"""Units of timestamps that microseconds hold."""


@frozen
class Plain:
    """A file, with the name of its column for each one of ours that it has, and how many of a time's units make a
    second. `placed` says that it has the `file` and `line` of its rows, rather than being the file that they are of.
    """

    path: Path
    columns: Mapping[str, str]
    per_second: Mapping[str, int]
    placed: bool = False

    @classmethod
    def placed_at(cls, path: Path) -> Plain:
        """A file of our own, in which nothing is malformed."""
        return cls(path, {name: name for name in EVENTS.names}, {}, placed=True)


@frozen(eq=False)
class Groups:
    """Some row groups of a file, one after the other, of `size` rows; `before` are the rows in front of them."""

    plain: Plain
    metadata: Any
    places: Mapping[str, int]
    """Where its columns are among all, by their paths."""
    numbers: tuple[int, ...]
    size: int
    before: int

    def read(self, names: Sequence[str]) -> pa.Table:
        """Some of the columns of `EVENTS`. Raises IntakeError for what Parquet is not like."""
        same = {name: word for name in _FEW if name in names and (word := self._same(name)) is not None}
        there = [name for name in names if name in self.plain.columns and name not in same and not self._none(name)]
        own = {name: self.plain.columns[name] for name in there}
        text = [theirs for name, theirs in own.items() if EVENTS.field(name).type == pa.string()]
        with as_parquet(self.plain.path):
            file = pq.ParquetFile(self.plain.path, metadata=self.metadata, read_dictionary=text, memory_map=True)
            read = file.read_row_groups(list(self.numbers), list(own.values()), use_threads=False)
        columns = {name: self._column(name, read[own[name]] if name in own else None) for name in names}
        return pa.table({**columns, **{name: self._repeated(word) for name, word in same.items()}})

    def lacks(self, name: str, word: str) -> bool:
        """Whether their statistics tell that a column of text does not have some word in any row."""
        found = [self._statistics(name, number) for number in self.numbers]
        return all(one is not None and one.has_min_max and not one.min <= word <= one.max for one in found)

    def _same(self, name: str) -> str | None:
        """The word that a column of text has in all rows, if it is one, by their statistics."""
        found = [self._statistics(name, number) for number in self.numbers] if name in self.plain.columns else []
        if not all(one is not None and one.has_min_max and one.has_null_count and not one.null_count for one in found):
            return None
        words = {word for one in found for word in (one.min, one.max)}
        return words.pop() if len(words) == 1 else None

    def _none(self, name: str) -> bool:
        """Whether a column has nothing in any row."""
        found = [self._statistics(name, number) for number in self.numbers]
        sizes = [self.metadata.row_group(number).num_rows for number in self.numbers]
        return all(
            one is not None and one.has_null_count and one.null_count == size
            for one, size in zip(found, sizes, strict=True)
        )

    def _statistics(self, name: str, number: int) -> Any:
        place = self.places.get(self.plain.columns[name])
        return None if place is None else self.metadata.row_group(number).column(place).statistics

    def _column(self, name: str, column: pa.ChunkedArray | None) -> Any:
        if column is None or pa.types.is_null(column.type):
            return self._said_by_place(name)
        if name == "era" and column.null_count:
            column = pc.fill_null(column, 0)
        return (
            _seconds(column, self.plain.per_second.get(name, 1)) if EVENTS.field(name).type == pa.float64() else column
        )

    def _repeated(self, word: str) -> Any:
        return pa.DictionaryArray.from_arrays(np.zeros(self.size, np.int8), [word])

    def _said_by_place(self, name: str) -> Any:
        if name == "file":
            return self._repeated(str(self.plain.path))
        if name == "line":
            return np.arange(self.before + 1, self.before + self.size + 1)
        return np.zeros(self.size, np.int64) if name == "era" else pa.nulls(self.size)


def plain(path: Path, schema: pa.Schema, mapping: ColumnMapping) -> Plain | None:
    """A file of this schema as one that can be read as it lies; None if it cannot."""
    said = (mapping.constants, mapping.values, mapping.has_duration)
    if any(said) or not in_place(schema, mapping):
        return None
    theirs = {column: mapping.paths(column)[0] for column in COLUMNS}
    if theirs["return"] == "return" and "return" not in schema.names and "returned" in schema.names:
        theirs["return"] = "returned"
    there = {column: name for column, name in theirs.items() if name in schema.names}
    if any(column not in there for column in NEEDED) or any(schema.names.count(name) > 1 for name in there.values()):
        return None
    if not all(_is_ours(schema.field(name).type, column, mapping.unit(column)) for column, name in there.items()):
        return None
    of_time = {column: name for column, name in there.items() if column in TIMES}
    per = {column: PER_SECOND.get(mapping.unit(column), 1) for column in of_time}
    for column, name in of_time.items():
        if pa.types.is_timestamp(schema.field(name).type):
            per[column] = PER_SECOND["us"]
    return Plain(path, _as_events(there), _as_events(per))


def groups_of(file: Plain, most: int = _MANY) -> Iterator[Groups]:
    """The row groups of a file, as many at a time as have `most` rows. Raises IntakeError for what is no Parquet."""
    with as_parquet(file.path), pq.ParquetFile(file.path) as opened:
        metadata = opened.metadata
    places = {metadata.schema.column(place).path: place for place in range(metadata.num_columns)}
    numbers: list[int] = []
    size = before = 0
    for number in range(metadata.num_row_groups):
        rows = metadata.row_group(number).num_rows
        if numbers and size + rows > most:
            yield Groups(file, metadata, places, tuple(numbers), size, before)
            numbers, before, size = [], before + size, 0
        numbers.append(number)
        size += rows
    if size:
        yield Groups(file, metadata, places, tuple(numbers), size, before)


def _as_events(columns: Mapping[str, Any]) -> dict[str, Any]:
    return {"returned" if column == "return" else column: said for column, said in columns.items()}


def _is_ours(kind: pa.DataType, column: str, unit: str) -> bool:
    if pa.types.is_null(kind):
        return True
    if column in TIMES:
        is_number = pa.types.is_floating(kind) or pa.types.is_integer(kind)
        return bool(unit != "iso" and is_number) or (pa.types.is_timestamp(kind) and kind.unit in _EXACT)
    if column in NATURALS:
        return bool(pa.types.is_integer(kind))
    if column in FLAGS:
        return bool(pa.types.is_boolean(kind))
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or kind == _KIND)


def _seconds(column: pa.ChunkedArray, per: int) -> pa.ChunkedArray:
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64())
    seconds = column.cast(pa.float64(), safe=False)
    return seconds if per == 1 else pc.divide(seconds, float(per))
