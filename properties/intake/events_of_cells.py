# SPDX-License-Identifier: Apache-2.0
"""Events of what a scan of text found, as a mapping means them: columns of Arrow, text as numbers of words."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen
from numpy.typing import NDArray

from edgeproof.properties.intake.cells import ABSENT, Cells
from edgeproof.properties.intake.columns import CODED
from edgeproof.properties.intake.expected import Columns, has_codes
from edgeproof.properties.intake.mapping import DURATION, ColumnMapping, translated
from edgeproof.properties.intake.row import COLUMNS, FLAGS, NATURALS, TIMES
from edgeproof.properties.intake.tokens import Bytes, Ints, joined
from edgeproof.properties.intake.values import code_of

__all__ = ["Flags", "Scanned", "json_text"]

Flags = NDArray[np.bool_]
Times = NDArray[np.float64]

_EXACT: Final = 2.0**53
"""From here on, sums of doubles may not be what those of the numbers that were written are."""


@frozen(eq=False)
class Scanned:
    """The cells of so many rows, whose text lies in `data`. What is made of them is no part of them any more, as cells
    are used again.
    """

    data: Bytes
    cells: Cells
    rows: int
    columns: Columns
    mapping: ColumnMapping
    text: Callable[[str], str]
    """What a word with an escape says."""

    def events(self, file: str, first: int) -> tuple[pa.Table, Flags]:
        """The rows as events, with the columns of `CODED`, `first` being the number of the first line; and which of
        them may be something else than it seems.
        """
        times, doubtful = self._times()
        columns: dict[str, Any] = {column: self._column(column) for column in COLUMNS if column not in TIMES}
        columns |= {column: _array(found, np.isnan(found)) for column, found in times.items()}
        columns["returned"] = columns.pop("return")
        columns["era"] = pc.fill_null(columns["era"], 0)
        columns["file"] = pa.DictionaryArray.from_arrays(_masked(np.zeros(self.rows, np.int32)), pa.array([file]))
        columns["line"] = _masked(first + self.cells.taken[: self.rows, 0])
        return pa.table([columns[name] for name in CODED.names], schema=CODED), doubtful | ~self._is_telling()

    def _is_telling(self) -> Flags:
        """Which rows are events by themselves: what lacks a kind, a unit and a version may hold others."""
        return self._is_said("kind") | (self._is_said("unit") & self._is_said("version"))

    def _is_said(self, column: str) -> Flags:
        found: Flags = np.full(self.rows, column in self.columns.places)
        for place in self.columns.places.get(column, ()):
            found &= self._cells(place) != ABSENT
        return found

    def _column(self, column: str) -> Any:
        kind = CODED.field(column).type
        if column in self.mapping.constants:
            constant = pa.repeat(pa.scalar(self.mapping.constants[column]), self.rows)
            return constant.dictionary_encode() if pa.types.is_dictionary(kind) else constant
        if column not in self.columns.places:
            return pa.nulls(self.rows, kind)
        if has_codes(self.mapping, column):
            return self._codes(column)
        if column in NATURALS:
            return _masked(self._cells(*self.columns.places[column]).copy())
        if column in FLAGS:
            return _masked(self._cells(*self.columns.places[column]).astype(np.int8)).cast(kind)
        return self._text(column)

    def _cells(self, place: int) -> Ints:
        return self.cells.each[place, : self.rows]

    def _text(self, column: str) -> pa.DictionaryArray:
        """A column of text, put together and translated where the mapping says so."""
        codes, words = self._together(self.columns.places[column])
        said = self.mapping.values.get(column)
        if not said:
            return pa.DictionaryArray.from_arrays(_masked(codes), words, safe=False)
        each = [*(translated(said, word) for word in words.to_pylist()), translated(said, None)]
        found = pa.array(each, pa.string()).dictionary_encode()
        return pa.DictionaryArray.from_arrays(found.indices.take(_masked(codes % len(each))), found.dictionary)

    def _codes(self, column: str) -> pa.Array:
        """A column of versions, by the numbers that stand for their text."""
        codes, words = self._together(self.columns.places[column])
        numbers = np.array([*(code_of(word) for word in words.to_pylist()), ABSENT], np.int64)
        return _masked(numbers[codes])

    def _together(self, places: Sequence[int]) -> tuple[NDArray[np.int32], pa.StringArray]:
        """The numbers of words, and these words, put together of those at some places."""
        codes, words = self._words(places[0])
        for place in places[1:]:
            more, others = self._words(place)
            there = (codes >= 0) & (more >= 0)
            pairs, found = np.unique(codes.astype(np.int64) * len(others) + more, return_inverse=True)
            codes = np.where(there, found, ABSENT).astype(np.int32)
            # Of pairs that are none nobody asks.
            one, other = np.divmod(np.where(pairs >= 0, pairs, 0), max(len(others), 1))
            words = pc.binary_join_element_wise(_taken(words, one), _taken(others, other), "/")
        return codes, words

    def _words(self, place: int) -> tuple[NDArray[np.int32], pa.StringArray]:
        """The numbers of the words at a place, and these words."""
        places = self.cells.words[place, : self.cells.count[place]]
        ends, text = np.zeros(len(places) + 1, np.int32), np.empty(int(places[:, 1].sum()), np.uint8)
        joined(self.data, places, ends, text)
        words = pa.StringArray.from_buffers(len(places), pa.py_buffer(ends), pa.py_buffer(text))
        if self.cells.escaped[place]:
            words = pa.array([self.text(word) for word in words.to_pylist()], pa.string())
        return self._cells(place).astype(np.int32), words

    def _times(self) -> tuple[dict[str, Times], Flags]:
        """The times, NaN where there are none, of which one may follow from another one and how long it took; and
        which rows are not to be trusted with that.
        """
        times = {column: self._seconds(column) for column in TIMES}
        if not self.mapping.has_duration:
            return times, np.zeros(self.rows, np.bool_)
        took, began, ended = self._seconds(DURATION), times["invoke"], times["return"]
        large = [np.abs(one) >= _EXACT for one in (took, began, ended)]
        times["invoke"] = np.where(np.isnan(began), ended - took, began)
        times["return"] = np.where(np.isnan(ended), began + took, ended)
        return times, np.logical_or.reduce([took < 0, *large])

    def _seconds(self, column: str) -> Times:
        if column in self.mapping.constants:
            return np.full(self.rows, float(self.mapping.constants[column]))
        if column not in self.columns.places:
            return np.full(self.rows, np.nan)
        return self._cells(*self.columns.places[column]).view(np.float64).copy()


def json_text(word: str) -> str:
    """What stands between the quotes of a string of JSON."""
    return str(json.loads(f'"{word}"')) if "\\" in word else word


def _taken(words: pa.StringArray, places: Ints) -> pa.StringArray:
    return words.take(_masked(places)) if len(words) else pa.nulls(len(places), pa.string())


def _array(cells: NDArray[Any], absent: Flags) -> pa.Array:
    """Numbers as an array of Arrow, which lies where they do. (Arrow's own way from NumPy asks Pandas first.)"""
    valid = pa.py_buffer(np.packbits(~absent, bitorder="little")) if absent.any() else None
    return pa.Array.from_buffers(pa.from_numpy_dtype(cells.dtype), len(cells), [valid, pa.py_buffer(cells)])


def _masked(cells: NDArray[Any]) -> pa.Array:
    return _array(cells, cells == ABSENT)
