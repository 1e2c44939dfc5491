# SPDX-License-Identifier: Apache-2.0
"""What tables are asked for: rows that have the same key, their partners in another table, what came before or after.

All of it takes time in proportion to the rows (and their logarithm), whatever the keys are like.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
from attrs import frozen

from edgeproof.properties.traffic.table import Column, Flags, Floats, Ints

__all__ = [
    "Groups",
    "alike",
    "counted",
    "earlier_max",
    "group",
    "later_min",
    "least_of_others",
    "matched",
    "ordered",
    "packed",
    "pairs",
    "runs",
    "starts",
    "stretched",
]

_MOST: Final = 2**62
_RANK: Final = 32
"""Bits that the place of a row takes."""
_ROOMY: Final = 4
"""Keys that are at most so many times as many as the rows are counted off instead of sorted."""


def packed(*columns: Column) -> Ints:
    """A number per row, which is the same where all columns are, and ordered as they are from the first to the last."""
    key, size = np.zeros(len(columns[0]), np.int64), 1
    for column in columns:
        if column.strides == (0,) or not len(column):
            continue
        part, low, span = _dense(column)
        if size * span > _MOST:
            key, size = _ranked(key)
        if size * span > _MOST:
            part, span = _ranked(part)
            low = 0
        if span > 1:
            key *= span
            key += part
            key -= low
            size *= span
    return key


def _dense(column: Column) -> tuple[Column, int, int]:
    """Whole numbers in the order of the values, the least of them, and how many there may be from that on."""
    if column.dtype.kind == "f":
        rank, span = _ranked(column)
        return rank, 0, span
    low, high = int(column.min()), int(column.max())
    return column, low, high - low + 1


def _ranked(column: Column) -> tuple[Ints, int]:
    values, rank = np.unique(column, return_inverse=True)
    return rank.astype(np.int64), max(len(values), 1)


@frozen(eq=False)
class Groups:
    """Rows by their key: the number of each row's group (`of`), a row of each group, and how many groups there are.

    Groups are in the order of their keys. Times that are not there count for nothing, and a group with none has none.
    """

    of: Ints
    first: Ints
    n: int
    alone: bool = False
    """Whether each row is a group by itself, in the order of the rows."""

    def count(self, where: Flags | None = None) -> Ints:
        """How many rows of each group there are, or are marked."""
        return np.bincount(self.of if where is None else self.of[where], minlength=self.n)

    def sum(self, numbers: Column) -> Ints:
        """The sum of whole numbers."""
        if self.alone:
            return numbers
        if numbers.strides == (0,):
            found: Ints = self.count() * numbers[0]
            return found
        out = np.zeros(self.n, np.int64)
        np.add.at(out, self.of, numbers)
        return out

    def min(self, times: Column, where: Flags | None = None) -> Floats:
        """The least time, of the rows that are marked."""
        return self._folded((np.minimum, np.fmin), times, where)

    def max(self, times: Column, where: Flags | None = None) -> Floats:
        """The greatest time, of the rows that are marked."""
        return self._folded((np.maximum, np.fmax), times, where)

    def largest(self, numbers: Column, where: Flags | None = None) -> Ints:
        """The greatest whole number, -1 where there is none."""
        out = np.full(self.n, -1, np.int64)
        of, numbers = (self.of, numbers) if where is None else (self.of[where], numbers[where])
        np.maximum.at(out, of, numbers.astype(np.int64))
        return out

    def least(self, numbers: Column) -> Ints:
        """The least whole number."""
        out = np.full(self.n, np.iinfo(np.int64).max)
        np.minimum.at(out, self.of, numbers.astype(np.int64))
        return out

    def any(self, where: Flags) -> Flags:
        """Whether a row is marked."""
        out = np.zeros(self.n, bool)
        out[self.of[where]] = True
        return out

    def _folded(self, folds: tuple[np.ufunc, np.ufunc], times: Column, where: Flags | None) -> Floats:
        """By the first of the two ways, which is quick, if all rows have a time, else by the second."""
        if where is None and self.alone:
            return times
        out = np.full(self.n, np.nan)
        if where is None and not np.isnan(times).any():
            out[self.of] = times
            folds[0].at(out, self.of, times)
            return out
        of, times = (self.of, times) if where is None else (self.of[where], times[where])
        folds[1].at(out, of, times)
        return out


def group(*columns: Column) -> Groups:
    """The rows by these columns."""
    key = packed(*columns)
    if (key[1:] >= key[:-1]).all():
        return _in_order(key)
    size = int(key.max()) + 1 if len(key) else 0
    if size <= _ROOMY * len(key) + 1024:
        first = np.full(size, -1, np.int64)
        first[key[::-1]] = np.arange(len(key) - 1, -1, -1)
        there = first >= 0
        numbers = np.cumsum(there) - 1
        return Groups(numbers[key], first[there], int(there.sum()))
    order, key = ordered(key)
    of, first = np.empty(len(key), np.int64), order[starts(key)]
    of[order] = runs(key)
    return Groups(of, first, len(first))


def alike(*columns: Column) -> tuple[Ints, Ints]:
    """The number of each row's group by these columns, and the first row of each group, in the order of these rows.

    It is quicker than `group` where groups are few.
    """
    numbers = pa.array(packed(*columns)).dictionary_encode().indices.to_numpy()
    of: Ints = numbers.astype(np.int64)
    # Numbers are given in order, so a group begins where there is a greater one than before.
    highest = np.maximum.accumulate(numbers)
    return of, starts(highest)


def ordered(key: Ints) -> tuple[Ints, Ints]:
    """The rows in the order of a key, those where it is the same in their own; and the key in that order."""
    count = len(key)
    low, bits = (int(key.min()), count.bit_length()) if count else (0, 0)
    if count and (int(key.max()) - low) >= _MOST >> bits:
        order: Ints = np.argsort(key, kind="stable")
        return order, key[order]
    # To sort numbers is several times as quick as to sort the places of numbers.
    both = key - low
    both <<= bits
    both |= np.arange(count)
    both.sort()
    return both & ((1 << bits) - 1), (both >> bits) + low


def _in_order(key: Ints) -> Groups:
    """The groups of a key that only grows."""
    first = starts(key)
    alone = len(first) == len(key)
    return Groups(first if alone else runs(key).astype(np.int64), first, len(first), alone)


def runs(*columns: Column) -> Ints:
    """Numbers from 0, each one's columns being those of the row before it, or else the next number."""
    found: Ints = np.cumsum(_starting(columns), dtype=np.int32)
    found -= 1
    return found


def starts(*columns: Column) -> Ints:
    """The rows whose columns are not those of the row before."""
    return np.flatnonzero(_starting(columns))


def _starting(columns: tuple[Column, ...]) -> Flags:
    new = np.zeros(len(columns[0]), bool)
    new[:1] = True
    for column in columns:
        if column.strides != (0,):
            new[1:] |= column[1:] != column[:-1]
    return new


def matched(left: tuple[Column, ...], right: tuple[Column, ...]) -> Ints:
    """For each row on the left a row on the right with the same key, -1 where there is none."""
    count = len(right[0])
    if not count or not len(left[0]):
        return np.full(len(left[0]), -1, np.int64)
    key_left, key_right, known, size = np.zeros(len(left[0]), np.int64), np.zeros(count, np.int64), None, 1
    for one, other in zip(left, right, strict=True):
        if one.strides == other.strides == (0,) and one[0] == other[0]:
            continue
        place, there, rank, span = _placed(one, other)
        known = there if known is None else known & there
        if size * span > _MOST:
            place_, there, key_right, size = _placed(key_left, key_right)
            key_left, known = place_, known & there
        key_left, key_right, size = key_left * span + place, key_right * span + rank, size * span
    place, there, rank, span = _placed(key_left, key_right)
    row = np.zeros(span, np.int64)
    row[rank[::-1]] = np.arange(count - 1, -1, -1)
    return np.where(there if known is None else known & there, row[place], -1)


def _placed(one: Column, other: Column) -> tuple[Ints, Flags, Ints, int]:
    """Where values are among those of the other column, and whether they are; and the ranks of that one's own."""
    values, rank = np.unique(other, return_inverse=True)
    if values.dtype.kind == "i" and values[0] >= -1 and values[-1] <= _ROOMY * (len(one) + len(other)) + 1024:
        table = np.full(int(values[-1]) + 2, -1, np.int64)
        table[values + 1] = np.arange(len(values))
        inside = (one >= -1) & (one <= values[-1])
        place = table[np.where(inside, one, -1) + 1]
        there = inside & (place >= 0)
    else:
        place = np.minimum(np.searchsorted(values, one), len(values) - 1)
        there = values[place] == one
    return np.where(there, place, 0), there, rank.astype(np.int64), len(values)


def pairs(left: tuple[Column, ...], right: tuple[Column, ...]) -> tuple[Ints, Ints]:
    """The places of all rows on the left and on the right that have the same key."""
    keys = group(*(np.concatenate([one, other]) for one, other in zip(left, right, strict=True)))
    of_left, of_right = keys.of[: len(left[0])], keys.of[len(left[0]) :]
    order = np.argsort(of_right, kind="stable")
    size = np.bincount(of_right, minlength=keys.n)
    start = np.cumsum(size) - size
    times = size[of_left]
    rows, places = stretched(start[of_left], times)
    return rows, order[places]


def stretched(start: Ints, sizes: Ints) -> tuple[Ints, Ints]:
    """The places from each start on, so many of each; and which row each is of."""
    rows = np.repeat(np.arange(len(start)), sizes)
    return rows, start[rows] + np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)


def later_min(by: tuple[Column, ...], label: Column, times: Column) -> Floats:
    """The least time of the rows with a newer label, of the same `by`: there must be one row per label."""
    return _least_behind(by, label, times, oldest_last=False)


def earlier_max(by: tuple[Column, ...], label: Column, times: Column) -> Floats:
    """The greatest time of the rows with an older label, of the same `by`: there must be one row per label."""
    return -_least_behind(by, label, -times, oldest_last=True)


def _least_behind(by: tuple[Column, ...], label: Column, times: Column, *, oldest_last: bool) -> Floats:
    """Of each row, the least time of those behind it in its `by`, from the oldest label to the newest or back."""
    if not len(times):
        return np.zeros(0)
    of = packed(*by)
    place, _ = ordered(packed(of, label))
    place = place[::-1] if oldest_last else place
    of, times = runs(of[place]), times[place]
    # Ranks of times, in numbers that are greater in the next `by`: the least one from the end is of its own.
    by_time = np.argsort(times)
    least = np.empty(len(times), np.int64)
    least[by_time] = np.arange(len(times))
    least += of.astype(np.int64) << _RANK
    least = np.minimum.accumulate(least[::-1])[::-1]
    inside = np.flatnonzero(of[1:] == of[:-1])
    found, out = np.full(len(times), np.nan), np.empty(len(times))
    found[inside] = times[by_time[least[inside + 1] & (2**_RANK - 1)]]
    out[place] = found
    return out


def counted(of: Column, at: Column, of_query: Column, at_query: Column, *, until: bool = False) -> Ints:
    """How many events of the same key came before a moment, or `until` it, that moment among them."""
    if not len(of):
        return np.zeros(len(of_query), np.int64)
    moments = np.unique(at)
    side = len(moments) + 1
    keys, rank = np.unique(of, return_inverse=True)
    key = np.minimum(np.searchsorted(keys, of_query), len(keys) - 1)
    events = np.sort(rank * side + np.searchsorted(moments, at))
    limit = np.searchsorted(moments, at_query, "right" if until else "left")
    found = np.searchsorted(events, key * side + limit) - np.searchsorted(events, np.arange(len(keys)) * side)[key]
    return np.where(keys[key] == of_query, found, 0)


def least_of_others(of: Column, mark: Column, times: Column) -> tuple[Floats, Column]:
    """Per row the least time of the rows of its group with another mark, and which mark that is: the least, if some
    share that time. Rows without a mark count for nothing, and get nothing.
    """
    least, whose = np.full(len(of), np.nan), np.full(len(of), -1, mark.dtype)
    known = np.flatnonzero((mark >= 0) & ~np.isnan(times))
    marks = group(of[known], mark[known])
    since = marks.min(times[known])
    owner, name = of[known][marks.first], mark[known][marks.first]
    order = np.lexsort((name, since, owner))
    owner, name, since = owner[order], name[order], since[order]
    starts = np.flatnonzero(np.concatenate([[True], owner[1:] != owner[:-1]])) if len(owner) else np.zeros(0, np.int64)
    asking = np.flatnonzero(mark >= 0)
    place = matched((of[asking],), (owner[starts],))
    asking, place = asking[place >= 0], place[place >= 0]
    best = starts[place]
    best = np.where(name[best] == mark[asking], best + 1, best)
    inside = best < len(owner)
    best = np.where(inside, best, 0)
    inside &= owner[best] == of[asking] if len(owner) else inside
    least[asking[inside]], whose[asking[inside]] = since[best[inside]], name[best[inside]]
    return least, whose
