# SPDX-License-Identifier: Apache-2.0
"""The tellings of many batches, each once.

What a telling is known by is packed into one number. The rows of all batches are put by their numbers into parts, from
the least to the greatest ones, that fit into a processor's cache, and each part is put together for itself, where it
lies, side by side with others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Final

import numpy as np
from attrs import frozen

from edgeproof.properties.traffic.batches import side_by_side
from edgeproof.properties.traffic.coded import of_all
from edgeproof.properties.traffic.groups import ordered, runs, starts
from edgeproof.properties.traffic.packing import Bounds, Packing, bounds_of, pack
from edgeproof.properties.traffic.table import ABSENT, Column, Ints, Table, constant, taken
from edgeproof.properties.traffic.tellings import TOLD

__all__ = ["merged"]

PART: Final = 2**16
"""Rows of a part, about, unless there would be more than `_PARTS`."""
_PARTS: Final = 200
_FINE: Final = 12
"""Bits that numbers are split by, at most."""
_NARROW: Final = np.iinfo(np.int32).max
"""The greatest number of 32 bits, which words have, and versions that are not greater."""
_WIDE: Final = ("session", "era", "seen", "admitted")
"""Columns of 64 bits always: an era is moved beside a version."""

_LAST: Final = {"last_invoke": "first_invoke", "last_returned": "first_returned"}
"""Times of a telling that are those of its first read, where there is but one."""
_FOLDED: Final[Mapping[str, np.ufunc]] = {
    **dict.fromkeys(_LAST.values(), np.minimum),
    **dict.fromkeys(_LAST, np.maximum),
    "n": np.add,
}

Columns = dict[str, Column]


def merged(batches: list[Columns], numbers: Sequence[Mapping[str, Ints]]) -> tuple[Table, list[Column]]:
    """The tellings of all batches, each once, and by batch the number of each one's; `numbers` are those of the words.

    They are in the order of sessions, then versions. Nothing is left in `batches`, whose memory is needed.
    """

    def column(batch: int, name: str) -> Column:
        found, own = batches[batch][name], numbers[batch].get(name)
        return found if own is None else of_all(found, own)

    bounds = {name: _bounds(batches, numbers, name) for name in TOLD}
    packing, keys = pack(bounds, column, len(batches))
    cut = _Cut.among(keys, packing.bits)
    rows = _Rows.of(int(cut.starts[-1]), bounds, batches)
    places = list(side_by_side(partial(_put, batches, keys, cut, rows), range(len(batches))))
    sizes = list(side_by_side(partial(_together, packing, cut, rows), range(cut.parts)))
    begins = np.cumsum([0, *sizes])
    for part, begin in enumerate(begins[:-1].tolist()):
        rows.telling[cut.of(part)] += begin
    of = list(side_by_side(rows.telling.take, places))
    names = list(rows.columns)
    columns = dict(zip(names, side_by_side(partial(_closed_up, rows, cut, begins), names), strict=True))
    alike = {name: constant(low, int(begins[-1])) for name, (low, high) in bounds.items() if low == high}
    return Table({name: alike[name] if name in alike else columns[name] for name in (*TOLD, *_FOLDED)}), of


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
    """Where numbers are split: by their bits from `shift` on, the part that each is of. Rows of a part go from one of
    the `starts` up to the next, those of each batch from one of its `begins` on, by part and batch.
    """

    shift: int
    part: Column
    starts: Ints
    begins: Ints

    @classmethod
    def among(cls, keys: Sequence[Ints], bits: int) -> _Cut:
        shift = max(0, bits - _FINE)
        sizes = np.array(list(side_by_side(lambda key: np.bincount(key >> shift, minlength=1 << (bits - shift)), keys)))
        total = sizes.sum(axis=0)
        part = (np.cumsum(total) - total) // max(PART, int(total.sum()) // _PARTS)
        # Where many are of one number, the next parts are none.
        there, part = np.unique(part, return_inverse=True)
        counts = np.zeros((len(there), len(keys)), np.int64)
        np.add.at(counts, part, sizes.T)
        ends = np.cumsum(counts).reshape(counts.shape)
        return cls(shift, part.astype(np.uint8), np.append(0, ends[:, -1]), ends - counts)

    @property
    def parts(self) -> int:
        """How many there are."""
        return len(self.begins)

    def of(self, part: int) -> slice:
        """Where the rows of a part are."""
        return slice(self.starts[part], self.starts[part + 1])


@frozen(eq=False)
class _Rows:
    """The rows of all batches, a part after the other, by their numbers (`key`), with their times. Tellings take their
    place, those of each part from its start on; `telling` says then which of them each row is of. If they are `single`,
    each row is of one read.
    """

    key: Ints
    telling: Column
    columns: Columns
    single: bool

    @classmethod
    def of(cls, size: int, bounds: Mapping[str, Bounds], batches: Sequence[Columns]) -> _Rows:
        columns: Columns = {name: np.empty(size, np.int64 if name == "n" else np.float64) for name in _FOLDED}
        for name, (low, high) in bounds.items():
            if low < high:
                columns[name] = np.empty(size, np.int64 if name in _WIDE or high > _NARROW else np.int32)
        some = [batch for batch in batches if len(batch["n"])]
        single = all(batch[last] is batch[first] for batch in some for last, first in _LAST.items())
        return cls(np.empty(size, np.int64), np.empty(size, np.int32), columns, single)


def _put(batches: Sequence[Columns], keys: list[Ints], cut: _Cut, rows: _Rows, batch: int) -> Column:
    """Put the rows of a batch into their parts; returns where each of them is then."""
    part = cut.part[keys[batch] >> cut.shift]
    order = np.argsort(part, kind="stable")
    ends = np.cumsum([0, *np.bincount(part, minlength=cut.parts)]).tolist()
    begins = cut.begins[:, batch].tolist()

    def put(column: Column, into: Column) -> None:
        there = taken(column, order)
        for begin, (start, end) in zip(begins, pairwise(ends), strict=True):
            into[begin : begin + end - start] = there[start:end]

    put(keys[batch], rows.key)
    for name in _LAST.values() if rows.single else _FOLDED:
        put(batches[batch][name], rows.columns[name])
    keys[batch] = keys[batch][:0]
    batches[batch].clear()
    places = np.empty(len(order), np.int32)
    places[order] = np.arange(len(order)) + np.repeat(np.subtract(begins, ends[:-1]), np.diff(ends))
    return places


def _together(packing: Packing, cut: _Cut, rows: _Rows, part: int) -> int:
    """Put the tellings of a part in the place of its rows; returns how many they are."""
    at = cut.of(part)
    order, key = ordered(rows.key[at])
    new = starts(key)
    telling = runs(key)
    rows.telling[at][order] = telling
    first, again = order[new], np.ones(len(key), bool)
    again[new] = False
    rest, to = order[again], telling[again]
    columns = {name: column for name, column in packing.columns(key[new]) if name in rows.columns}
    for name, fold in _FOLDED.items():
        if rows.single and name == "n":
            columns[name] = np.diff(new, append=len(key))
            continue
        column = rows.columns[_LAST.get(name, name) if rows.single else name][at]
        columns[name] = column[first]
        fold.at(columns[name], to, column[rest])
    for name, column in columns.items():
        rows.columns[name][at][: len(new)] = column
    return len(new)


def _closed_up(rows: _Rows, cut: _Cut, begins: Ints, name: str) -> Column:
    """A column without what is empty between its parts, which begin there then."""
    column = rows.columns[name]
    for start, (begin, end) in zip(cut.starts, pairwise(begins.tolist()), strict=False):
        if begin < start:
            column[begin:end] = column[start : start + end - begin]
    there = column[: begins[-1]]
    return there if 2 * len(there) > len(column) else there.copy()
