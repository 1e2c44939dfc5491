# SPDX-License-Identifier: Apache-2.0
"""The tellings of many batches, each once.

What a telling is known by is packed into one number. The numbers are split into parts, from the least to the greatest
ones, that fit into a processor's cache, and each part is put together for itself, side by side with others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
from attrs import frozen

from edgeproof.properties.traffic.batches import side_by_side
from edgeproof.properties.traffic.coded import of_all
from edgeproof.properties.traffic.groups import ordered, runs, starts
from edgeproof.properties.traffic.packing import Bounds, Packing, bounds_of, pack
from edgeproof.properties.traffic.table import ABSENT, Column, Ints, Table, joined
from edgeproof.properties.traffic.tellings import TOLD

__all__ = ["merged"]

PART: Final = 2**17
"""Tellings of a part, about, before they are put together, unless there would be more than `_PARTS`."""
_PARTS: Final = 200
_FINE: Final = 12
"""Bits that numbers are split by, at most."""

_FOLDED: Final[Mapping[str, np.ufunc]] = {
    **{"first_invoke": np.minimum, "last_invoke": np.maximum},
    **{"first_returned": np.minimum, "last_returned": np.maximum, "n": np.add},
}

Columns = dict[str, Column]


def merged(batches: list[Columns], numbers: Sequence[Mapping[str, Ints]]) -> tuple[Table, list[Column]]:
    """The tellings of all batches, each once, and by batch the number of each one's; `numbers` are those of the words.

    They are in the order of sessions, then versions. Nothing is left in `batches`, whose memory is needed.
    """

    def column(batch: int, name: str) -> Column:
        found, own = batches[batch][name], numbers[batch].get(name)
        return found if own is None else of_all(found, own)

    packing, keys = pack({name: _bounds(batches, numbers, name) for name in TOLD}, column, len(batches))
    cut = _Cut.among(keys, packing.bits)
    pieces = list(side_by_side(partial(_piece, batches, keys, cut), range(len(batches))))
    sizes = [sum(piece.ends[part + 1] - piece.ends[part] for piece in pieces) for part in range(cut.parts)]
    room = _Room.of(np.cumsum([0, *sizes]), numbers[0])
    parts = list(side_by_side(partial(_together, pieces, packing, room), range(cut.parts)))
    begins = np.cumsum([0, *(part.size for part in parts)])
    of = list(side_by_side(partial(_numbers, pieces, parts, begins), range(len(batches))))
    pieces.clear()
    alike = {name: joined([part.alike[name] for part in parts]) for name in parts[0].alike}
    return Table({name: alike[name] if name in alike else room.filled(name, begins) for name in (*TOLD, *_FOLDED)}), of


def _bounds(batches: Sequence[Columns], numbers: Sequence[Mapping[str, Ints]], name: str) -> Bounds:
    if name not in numbers[0]:
        return bounds_of([batch[name] for batch in batches])
    # The words of a batch need not be looked at to know how many there are in all.
    each = [(batch[name], own[name]) for batch, own in zip(batches, numbers, strict=True) if len(batch[name])]
    alike = [of_all(column[:1], own) for column, own in each if column.strides == (0,)]
    words = [np.append(own, ABSENT) for column, own in each if column.strides != (0,)]
    return bounds_of([*alike, *words])


@frozen(eq=False)
class _Cut:
    """Where numbers are split: by their bits from `shift` on, the part that each is of, one of `parts`."""

    shift: int
    part: Column
    parts: int

    @classmethod
    def among(cls, keys: Sequence[Ints], bits: int) -> _Cut:
        shift = max(0, bits - _FINE)
        total = sum(map(len, keys))
        if total <= PART:
            return cls(shift, np.zeros(0, np.uint8), 1)
        sizes = sum(side_by_side(lambda one: np.bincount(one >> shift, minlength=1 << (bits - shift)), keys))
        part = (np.cumsum(sizes) - sizes) // max(PART, total // _PARTS)
        # Where many are of one number, the next parts are none.
        return cls(shift, np.unique(part, return_inverse=True)[1].astype(np.uint8), len(np.unique(part)))


@frozen(eq=False)
class _Piece:
    """A batch by parts: which row of it each one was (None for the same), its key, and its spans, each part's up to one
    of its `ends`.
    """

    rows: Column | None
    keys: Ints
    spans: Columns
    ends: Sequence[int]

    def of(self, part: int) -> slice:
        return slice(self.ends[part], self.ends[part + 1])


def _piece(batches: Sequence[Columns], keys: list[Ints], cut: _Cut, batch: int) -> _Piece:
    key, spans = keys[batch], {name: batches[batch][name] for name in _FOLDED}
    keys[batch] = key[:0]
    batches[batch].clear()
    if cut.parts == 1:
        return _Piece(None, key, spans, (0, len(key)))
    part = cut.part[key >> cut.shift]
    rows = np.argsort(part, kind="stable").astype(np.int32)
    ends = np.cumsum([0, *np.bincount(part, minlength=cut.parts)]).tolist()
    # The first and the last time are the same column where each row is of one read.
    by = _once(lambda column: column if column.strides == (0,) else column[rows])
    return _Piece(rows, key[rows], {name: by(column) for name, column in spans.items()}, ends)


def _once(work: Callable[[Column], Column]) -> Callable[[Column], Column]:
    """The same, of which it is remembered what it made of a column."""
    made: dict[int, Any] = {}

    def do(column: Column) -> Column:
        if id(column) not in made:
            made[id(column)] = work(column)
        found: Column = made[id(column)]
        return found

    return do


@frozen(eq=False)
class _Room:
    """Columns with room for all tellings, those of each part from one of its `starts` on, up to the next at most."""

    starts: Ints
    columns: Columns

    @classmethod
    def of(cls, starts: Ints, words: Collection[str]) -> _Room:
        kinds: dict[str, type] = dict.fromkeys(TOLD, np.int64) | dict.fromkeys(_FOLDED, np.float64)
        # Words are numbered as narrowly as Arrow does.
        kinds |= {"n": np.int64} | {name: np.int32 for name in TOLD if name in words}
        return cls(starts, {name: np.empty(int(starts[-1]), kind) for name, kind in kinds.items()})

    def fill(self, part: int, name: str, column: Column) -> None:
        """Put the tellings of a part where they belong."""
        start = self.starts[part]
        self.columns[name][start : start + len(column)] = column

    def filled(self, name: str, begins: Ints) -> Column:
        """A column without what is empty between its parts, which begin there then."""
        column = self.columns.pop(name)
        for start, begin, end in zip(self.starts, begins, begins[1:], strict=False):
            if begin < start:
                column[begin:end] = column[start : start + end - begin]
        there = column[: begins[-1]]
        return there if 2 * len(there) > len(column) else there.copy()


@frozen(eq=False)
class _Part:
    """The number of tellings of a part, the columns that are alike in all of them, and by batch, which of them each
    row of its piece is `of`.
    """

    of: Sequence[Column]
    size: int
    alike: Columns


def _together(pieces: Sequence[_Piece], packing: Packing, room: _Room, part: int) -> _Part:
    order, keys = ordered(np.concatenate([piece.keys[piece.of(part)] for piece in pieces]))
    number, new = runs(keys), starts(keys)
    of = np.empty(len(order), np.int32)
    of[order] = number
    first, again = order[new], np.ones(len(order), bool)
    again[new] = False
    rest, to = order[again], number[again]
    columns = dict(packing.columns(keys[new]))
    for name, fold in _FOLDED.items():
        column = np.concatenate([piece.spans[name][piece.of(part)] for piece in pieces])
        columns[name] = column[first]
        fold.at(columns[name], to, column[rest])
    sizes = np.cumsum([piece.ends[part + 1] - piece.ends[part] for piece in pieces])
    alike = {name: column for name, column in columns.items() if column.strides == (0,)}
    for name in columns.keys() - alike:
        room.fill(part, name, columns[name])
    return _Part(np.split(of, sizes[:-1]), len(new), alike)


def _numbers(pieces: Sequence[_Piece], parts: Sequence[_Part], begins: Ints, batch: int) -> Column:
    """Which of all tellings those of a batch are, from one part to the next, and back in the order of its rows."""
    found = np.concatenate([part.of[batch] + np.int32(begin) for part, begin in zip(parts, begins, strict=False)])
    rows = pieces[batch].rows
    if rows is None:
        return found
    of = np.empty(len(rows), np.int32)
    of[rows] = found
    return of
