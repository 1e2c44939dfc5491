# SPDX-License-Identifier: Apache-2.0
"""Events from Arrow as columns of numbers, and back again as words, for the few that are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import Factory, frozen

from edgeproof.properties.intake.row import KINDS, OUTCOMES, SCOPES, SOURCES
from edgeproof.properties.traffic.labels import EMPTY_DIGEST
from edgeproof.properties.traffic.table import ABSENT, Column, Ints, Table, constant

__all__ = [
    "COMMIT", "CRASH", "EMPTY", "EVICT", "FAIL", "FAULT", "OK", "PARTITION", "PUBLISH", "READ", "ROLLBACK",
    "SCOPE", "SOURCE", "STALL", "UNKNOWN", "Vocabulary",
]  # fmt: skip

COMMIT, PUBLISH, READ, FAULT = range(len(KINDS))
OK, FAIL, UNKNOWN = range(len(OUTCOMES))
SOURCE: Final = {name: number for number, name in enumerate(SOURCES)}
SCOPE: Final = {name: number for number, name in enumerate(SCOPES)}

_NOTES: Final = ("evict", "partition", "rollback", "crash", "stall")
EVICT, PARTITION, ROLLBACK, CRASH, STALL = range(len(_NOTES))
EMPTY: Final = 0
"""The number of the digest of the empty config."""

_KNOWN: Final[Mapping[str, tuple[str, ...]]] = {
    **{"kind": KINDS, "outcome": OUTCOMES, "source": SOURCES, "scope": SCOPES},
    **{"note": _NOTES, "digest": (EMPTY_DIGEST,)},
}
_TEXT: Final = (
    *("kind", "unit", "outcome", "digest", "pop", "reader", "source", "note", "key", "repo", "scope", "file"),
)
_NATURALS: Final = ("version", "era", "base", "line")
_TIMES: Final = ("invoke", "returned", "expires")


@frozen(eq=False)
class Words:
    """The words of a column, each with its number, which is its place among them."""

    words: list[str]
    numbers: dict[str, int]

    @classmethod
    def of(cls, known: Iterable[str]) -> Words:
        """These words, and as many more as come."""
        words = list(known)
        return cls(words, {word: number for number, word in enumerate(words)})

    def coded(self, column: pa.ChunkedArray | pa.Array) -> Ints:
        """A column of text as the numbers of its words."""
        size = len(column)
        if column.null_count == size:
            return constant(ABSENT, size)
        if isinstance(column, pa.ChunkedArray):
            column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        new = [self._number(word) for word in column.dictionary.to_pylist()]
        if len(new) == 1 and not column.null_count:
            return constant(new[0], size)
        numbers = np.array([*new, ABSENT], np.int32)
        places = column.indices
        if places.null_count:
            places = pc.fill_null(places, len(new))
        found: Ints = numbers[places.to_numpy(zero_copy_only=False)]
        return found

    def ranked(self, numbers: Column) -> Ints:
        """The ranks of some words of the column in the order of text; of none, -1."""
        there, place = np.unique(numbers, return_inverse=True)
        texts = ["" if number < 0 else self.words[number] for number in there.tolist()]
        rank = np.empty(len(texts), np.int64)
        rank[sorted(range(len(texts)), key=texts.__getitem__)] = np.arange(len(texts))
        found: Ints = np.where(numbers < 0, ABSENT, rank[place])
        return found

    def _number(self, word: str | None) -> int:
        if word is None:
            return ABSENT
        number = self.numbers.setdefault(word, len(self.words))
        if number == len(self.words):
            self.words.append(word)
        return number


def _vocabulary() -> dict[str, Words]:
    return {name: Words.of(_KNOWN.get(name, ())) for name in _TEXT}


@frozen(eq=False)
class Vocabulary:
    """The words of all columns of text."""

    of: dict[str, Words] = Factory(_vocabulary)

    def coded(self, events: pa.Table | pa.RecordBatch) -> Table:
        """Events, with the columns of `EVENTS`, as numbers."""
        columns: dict[str, Column] = {}
        for name in events.schema.names:
            column = events.column(name)
            if name in _TEXT:
                columns[name] = self.of[name].coded(column)
            elif name in _TIMES:
                columns[name] = _numbers(column, np.nan)
            elif name in _NATURALS:
                columns[name] = _numbers(column, ABSENT)
            else:
                columns[name] = _numbers(pc.cast(column, pa.int8()), ABSENT)
        return Table(columns)

    def rows(self, table: Table) -> list[dict[str, Any]]:
        """The rows of a small table, in words; None stands for what is not there."""
        said = {name: self._said(name, column) for name, column in table.columns.items()}
        return [dict(zip(said, row, strict=True)) for row in zip(*said.values(), strict=True)]

    def _said(self, name: str, column: Column) -> list[Any]:
        plain = name.removeprefix("because_")
        if plain in _TEXT:
            words = self.of[plain].words
            return [None if number < 0 else words[number] for number in column.tolist()]
        if column.dtype.kind == "f":
            return [None if value != value else value for value in column.tolist()]
        if plain == "admitted":
            return [None if value < 0 else bool(value) for value in column.tolist()]
        return [None if value == ABSENT else value for value in column.tolist()]


def _numbers(column: pa.ChunkedArray | pa.Array, absent: float) -> Column:
    if column.null_count == len(column):
        return constant(absent, len(column))
    if column.null_count:
        column = pc.fill_null(column, pa.scalar(absent, column.type))
    found: Column = column.to_numpy() if isinstance(column, pa.ChunkedArray) else column.to_numpy(zero_copy_only=False)
    return constant(found[0], len(found)) if (found[0] == found[-1]) and (found == found[0]).all() else found
