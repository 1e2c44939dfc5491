# SPDX-License-Identifier: Apache-2.0
"""Events of what a scan of text found, as a mapping means them: columns of Arrow, text as numbers of words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen
from numpy.typing import NDArray

from edgeproof.properties.intake.cells import ABSENT, LENGTH, Cells
from edgeproof.properties.intake.columns import CODED
from edgeproof.properties.intake.mapping import DURATION, ColumnMapping, translated
from edgeproof.properties.intake.row import COLUMNS, FLAGS, NATURALS, TIMES
from edgeproof.properties.intake.tokens import Bytes, Ints, joined
from edgeproof.properties.intake.values import PER_SECOND

__all__ = ["Flags", "Scanned", "json_text"]

Flags = NDArray[np.bool_]
Times = NDArray[np.float64]

_EXACT: Final = 2.0**53
"""From here on, sums of doubles may not be what those of the numbers that were written are."""


@frozen(eq=False)
class Scanned:
    """The cells of some rows, which lie where `taken` says in `data`; `places` has the number of each column among
    those of its kind.
    """

    data: Bytes
    cells: Cells
    taken: Ints
    rows: int
    places: Mapping[str, int]
    mapping: ColumnMapping
    text: Callable[[str], str]
    """What a word with an escape says."""

    def events(self, file: str, first: int) -> tuple[pa.Table, Flags]:
        """The rows as events, with the columns of `CODED`, `first` being the number of the first line; and which of
        them may be something else than it seems. Raises ArrowInvalid for a number that has no double near to it.
        """
        times, doubtful = self._times()
        columns: dict[str, Any] = {column: self._column(column) for column in COLUMNS if column not in TIMES}
        columns |= {column: pa.array(found, from_pandas=True) for column, found in times.items()}
        columns["returned"] = columns.pop("return")
        columns["era"] = pc.fill_null(columns["era"], 0)
        columns["file"] = pa.DictionaryArray.from_arrays(np.zeros(self.rows, np.int32), [file])
        columns["line"] = pa.array(first + self.taken[: self.rows, 0])
        return pa.table([columns[name] for name in CODED.names], schema=CODED), doubtful | ~self._is_telling()

    def _is_telling(self) -> Flags:
        """Which rows are events by themselves: what lacks a kind, a unit and a version may hold others."""
        return self._is_said("kind") | (self._is_said("unit") & self._is_said("version"))

    def _is_said(self, column: str) -> Flags:
        if column not in self.places:
            return np.zeros(self.rows, np.bool_)
        found: Flags = self._cells(column) != ABSENT
        return found

    def _column(self, column: str) -> Any:
        kind = CODED.field(column).type
        if column in self.mapping.constants:
            constant = pa.repeat(pa.scalar(self.mapping.constants[column]), self.rows)
            return constant.dictionary_encode() if pa.types.is_dictionary(kind) else constant
        if column not in self.places:
            return pa.nulls(self.rows, kind)
        if column in (*NATURALS, *FLAGS):
            return _masked(self._cells(column)).cast(kind)
        return self._text(column)

    def _cells(self, column: str) -> Ints:
        return self.cells.each[self.places[column], : self.rows]

    def _text(self, column: str) -> pa.DictionaryArray:
        """A column of text, of which words with an escape are read, and all translated where the mapping says so."""
        place = self.places[column]
        codes, words = (
            self._cells(column).astype(np.int32),
            self._joined(self.cells.words[place, : self.cells.count[place]]),
        )
        said = self.mapping.values.get(column)
        if not (self.cells.escaped[place] or said):
            return pa.DictionaryArray.from_arrays(_masked(codes), words)
        each = [self.text(word) for word in words.to_pylist()] if self.cells.escaped[place] else words.to_pylist()
        if said:
            each = [translated(said, word) for word in each]
        each.append(translated(said, None) if said else None)
        found = pa.array(each, pa.string()).dictionary_encode()
        return pa.DictionaryArray.from_arrays(found.indices.take(pa.array(codes % len(each))), found.dictionary)

    def _joined(self, places: Ints) -> pa.StringArray:
        """What stands at some places, each with its length, as text."""
        ends, text = np.zeros(len(places) + 1, np.int32), np.empty(int(places[:, 1].sum()), np.uint8)
        joined(self.data, places, ends, text)
        return pa.StringArray.from_buffers(len(places), pa.py_buffer(ends), pa.py_buffer(text))

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
        if column not in self.places:
            return np.full(self.rows, np.nan)
        cells = self._cells(column)
        there = cells != ABSENT
        found = cells[there]
        numbers = self._joined(np.stack((found >> LENGTH, found & (1 << LENGTH) - 1), axis=1)).cast(pa.float64())
        seconds = np.full(self.rows, np.nan)
        seconds[there] = numbers.to_numpy()
        per = PER_SECOND[self.mapping.unit(column)]
        return seconds if per == 1 else seconds / per


def json_text(word: str) -> str:
    """What stands between the quotes of a string of JSON."""
    return str(json.loads(f'"{word}"')) if "\\" in word else word


def _masked(cells: NDArray[Any]) -> pa.Array:
    absent = cells == ABSENT
    return pa.array(cells, mask=absent if absent.any() else None)
