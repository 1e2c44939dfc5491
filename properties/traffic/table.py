# SPDX-License-Identifier: Apache-2.0
"""Events as columns: a table of arrays of one length, in which text stands as the number of its word.

What is not there is NaN among times and -1 among whole numbers, words and flags: versions, and whatever else is
counted, are not negative. So a comparison with a time that is not there is false, as it should be, and one with a
number that is not there has to be asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

__all__ = [
    "ABSENT",
    "Column",
    "Deferred",
    "Flags",
    "Floats",
    "Ints",
    "Table",
    "concat",
    "constant",
    "filled",
    "joined",
    "taken",
]

Column = NDArray[Any]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

ABSENT: Final = -1
"""Stands for a whole number, a word or a flag that is not there."""


class Deferred(Mapping[str, Column]):
    """Columns of `size` rows that are read, or worked out, when they are asked for, and then kept."""

    def __init__(self, size: int, makers: Mapping[str, Callable[[], Column]]) -> None:
        self.size = size
        self._makers = makers
        self._made: dict[str, Column] = {}

    def __getitem__(self, name: str) -> Column:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


@frozen(eq=False)
class Table:
    """Columns of one length, by name; `table.invoke` is one of them."""

    columns: Mapping[str, Column]

    def __getattr__(self, name: str) -> Column:
        if name.startswith("_") or name == "columns":
            raise AttributeError(name)
        try:
            return self.columns[name]
        except KeyError:
            raise AttributeError(name) from None

    def __len__(self) -> int:
        if isinstance(self.columns, Deferred):
            return self.columns.size
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def take(self, which: Flags | Ints) -> Table:
        """The rows that are marked, or at these places. A column is taken when it is asked for."""
        if which.dtype == np.bool_ and which.all():
            return self
        places = np.flatnonzero(which) if which.dtype == np.bool_ else which
        makers = {name: partial(lambda name: taken(self.columns[name], places), name) for name in self.columns}
        return Table(Deferred(len(places), makers))

    def put(self, **columns: Column) -> Table:
        """The same with other, or more, columns."""
        if not isinstance(self.columns, Deferred):
            return Table({**self.columns, **columns})
        there = {name: partial(dict.__getitem__, columns, name) for name in columns}
        return Table(Deferred(self.columns.size, {**self._makers(self.columns), **there}))

    def only(self, *names: str) -> Table:
        """Some of the columns."""
        if not isinstance(self.columns, Deferred):
            return Table({name: self.columns[name] for name in names})
        return Table(Deferred(self.columns.size, self._makers(names)))

    def whole(self) -> Table:
        """The same with every column taken, so that nothing else that a column was taken from is kept."""
        return Table(dict(self.columns))

    def _makers(self, names: Iterable[str]) -> dict[str, Callable[[], Column]]:
        return {name: partial(self.columns.__getitem__, name) for name in names}


def constant(value: float | int, size: int) -> Column:
    """A column of one value, which takes no memory. It cannot be written to."""
    return np.broadcast_to(np.array(value), size)


def _is_constant(column: Column) -> bool:
    return column.strides == (0,) and len(column) > 0


def _same(one: Any, other: Any) -> bool:
    """Whether two values are one, or both are no times."""
    return bool(one == other or (one != one and other != other))


def taken(column: Column, places: Column) -> Column:
    """The rows of a column at some places."""
    return constant(column[0], len(places)) if _is_constant(column) else column[places]


def joined(columns: Sequence[Column]) -> Column:
    """Columns one after the other: one of one value, if all of it is."""
    there = [column for column in columns if len(column)]
    if there and all(_is_constant(column) and _same(column[0], there[0][0]) for column in there):
        return constant(there[0][0], sum(map(len, there)))
    return np.concatenate(columns)


def concat(tables: Sequence[Table]) -> Table:
    """The rows of tables that have the same columns, one after the other."""
    if len(tables) == 1:
        return tables[0]
    return Table({name: joined([t.columns[name] for t in tables]) for name in tables[0].columns})


def filled(times: Column, instead: float) -> Floats:
    """Times with another one instead of those that are not there."""
    return np.where(np.isnan(times), instead, times)
