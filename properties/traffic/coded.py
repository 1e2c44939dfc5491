# SPDX-License-Identifier: Apache-2.0
"""Events from Arrow as columns of numbers, and back again as words, for the few that are shown.

Each batch of events numbers its words for itself, so that batches can be worked on side by side. What has become of
them by then is small, and is put into the numbers of all words there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from edgeproof.properties.intake.row import KINDS, OUTCOMES, SCOPES, SOURCES
from edgeproof.properties.traffic.labels import EMPTY_DIGEST
from edgeproof.properties.traffic.table import ABSENT, Column, Ints, Table, constant

__all__ = [
    "COMMIT", "CRASH", "EMPTY", "EVICT", "FAIL", "FAULT", "OK", "PARTITION", "PUBLISH", "READ", "ROLLBACK",
    "SCOPE", "SOURCE", "STALL", "UNKNOWN", "Coded", "Vocabulary", "Words", "of_all",
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
"""Words that have the same number everywhere."""

_TEXT: Final = (
    *("kind", "unit", "outcome", "digest", "pop", "reader", "source", "note", "key", "repo", "scope", "file"),
)
_NATURALS: Final = ("version", "era", "base", "line")
_TIMES: Final = ("invoke", "returned", "expires")


@frozen(eq=False)
class Words:
    """The words of a column, each with its number, which is its place among them."""

    words: pa.Array

    def ranked(self, numbers: Column) -> Ints:
        """The ranks of some words of the column in the order of text; of none, -1."""
        there, place = np.unique(numbers, return_inverse=True)
        rank = np.empty(len(there), np.int64)
        # By UTF-8, whose order is that of characters; what is none comes last, and is -1 in the end.
        rank[pc.array_sort_indices(self._taken(there)).to_numpy()] = np.arange(len(there))
        found: Ints = np.where(numbers < 0, ABSENT, rank[place])
        return found

    def said(self, numbers: Column) -> list[str | None]:
        """The words with these numbers; None for none."""
        said: list[str | None] = self._taken(numbers).to_pylist()
        return said

    def _taken(self, numbers: Column) -> pa.Array:
        return self.words.take(pa.array(np.ascontiguousarray(numbers), mask=numbers < 0))


@frozen(eq=False)
class Coded:
    """Some events as numbers, with the words that their columns of text count for themselves."""

    table: Table
    words: Mapping[str, pa.Array]

    @classmethod
    def of(cls, events: pa.Table) -> Coded:
        """Events with some of the columns of `EVENTS`."""
        columns: dict[str, Column] = {}
        words: dict[str, pa.Array] = {}
        for name in events.schema.names:
            column = events.column(name)
            if name in _TEXT:
                columns[name], words[name] = _coded(column, _KNOWN.get(name, ()))
            elif name in _TIMES:
                columns[name] = _numbers(column, np.nan)
            elif name in _NATURALS:
                columns[name] = _numbers(column, ABSENT)
            else:
                columns[name] = _numbers(pc.cast(column, pa.int8()), ABSENT)
        return cls(Table(columns), words)

    def numbers(self, name: str, texts: pa.ChunkedArray) -> Ints:
        """The numbers that some words of another table have here: -1 of no word, -2 of one that is not here."""
        words = self.words[name]
        found = pc.fill_null(pc.index_in(texts.cast(words.type), value_set=words), -2)
        place: Ints = np.where(texts.is_null().to_numpy(), ABSENT, found.to_numpy())
        return place


def _coded(column: pa.ChunkedArray, known: tuple[str, ...]) -> tuple[Ints, pa.Array]:
    """A column of text as numbers of its words, those that are known first; and these words."""
    size, first = len(column), pa.array(known, pa.large_string())
    if column.null_count == size:
        return constant(ABSENT, size), first
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    column = (column.unify_dictionaries() if column.num_chunks > 1 else column).combine_chunks()
    chunk = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
    words, numbers = _in_front(first, chunk.dictionary.cast(pa.large_string()))
    if len(numbers) == 1 and not chunk.null_count:
        return constant(numbers[0], size), words
    places = chunk.indices
    if not places.null_count and not len(first):
        found: Ints = places.to_numpy()
        return found, words
    if places.null_count:
        places = pc.fill_null(places, len(numbers))
    found = np.append(numbers, np.int32(ABSENT)).take(places.to_numpy())
    return found, words


def _in_front(first: pa.Array, words: pa.Array) -> tuple[pa.Array, Ints]:
    """Some words, and then others, without what is there twice; and the numbers that the others have then."""
    if not len(first):
        return words, np.arange(len(words), dtype=np.int32)
    words, (_, numbers) = _unified([first, words])
    return words, numbers


def _unified(parts: Sequence[pa.Array]) -> tuple[pa.Array, list[Ints]]:
    """The words of all parts, each once, and the numbers that those of each part have among them."""
    chunks = [pa.DictionaryArray.from_arrays(np.arange(len(words), dtype=np.int32), words) for words in parts]
    whole = pa.chunked_array(chunks).unify_dictionaries()
    return whole.chunk(0).dictionary, [chunk.indices.to_numpy() for chunk in whole.chunks]


@frozen(eq=False)
class Vocabulary:
    """The words of all columns of text."""

    of: Mapping[str, Words]

    @classmethod
    def among(cls, parts: Sequence[Mapping[str, pa.Array]]) -> tuple[Vocabulary, list[Mapping[str, Ints]]]:
        """All words of some batches of events, and the numbers that those of each batch have among them."""
        of: dict[str, Words] = {}
        numbers: list[dict[str, Ints]] = [{} for _ in parts]
        for name in _TEXT:
            own = [(place, part[name]) for place, part in enumerate(parts) if name in part]
            first = pa.array(_KNOWN.get(name, ()), pa.large_string())
            words, (_, *each) = _unified([first, *(words for _, words in own)])
            of[name] = Words(words)
            for (place, _), found in zip(own, each, strict=True):
                numbers[place][name] = found
        return cls(of), list(numbers)

    def rows(self, table: Table) -> list[dict[str, Any]]:
        """The rows of a small table, in words; None stands for what is not there."""
        said = {name: self._said(name, column) for name, column in table.columns.items()}
        return [dict(zip(said, row, strict=True)) for row in zip(*said.values(), strict=True)]

    def _said(self, name: str, column: Column) -> list[Any]:
        plain = name.removeprefix("because_")
        if plain in _TEXT:
            return self.of[plain].said(column)
        if column.dtype.kind == "f":
            return [None if value != value else value for value in column.tolist()]
        if plain == "admitted":
            return [None if value < 0 else bool(value) for value in column.tolist()]
        return [None if value == ABSENT else value for value in column.tolist()]


def of_all(column: Column, numbers: Ints) -> Column:
    """The numbers that some words of a batch have among all."""
    if column.strides == (0,):
        return constant(numbers[column[0]] if len(column) and column[0] >= 0 else ABSENT, len(column))
    found: Column = np.append(numbers, np.int32(ABSENT)).take(column)
    return found


def _numbers(column: pa.ChunkedArray | pa.Array, absent: float) -> Column:
    if column.null_count == len(column):
        return constant(absent, len(column))
    if column.null_count:
        column = pc.fill_null(column, pa.scalar(absent, column.type))
    found: Column = column.to_numpy()
    return constant(found[0], len(found)) if (found[0] == found[-1]) and (found == found[0]).all() else found
