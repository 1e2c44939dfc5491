# SPDX-License-Identifier: Apache-2.0
"""Columns side by side in one number, which is ordered as they are, and out of which they can be had again.

Where they are too wide for that, those in front are numbered in their order first, and that number stands for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from typing import Final

import numpy as np
from attrs import frozen

from edgeproof.properties.traffic.batches import side_by_side
from edgeproof.properties.traffic.table import Column, Ints, constant

__all__ = ["Bounds", "Packing", "bounds_of", "pack"]

MOST: Final = 62
"""Bits of a number."""
RANKED: Final = 31
"""Bits of a column, at most, where columns are too wide: of more, its values are numbered in their order."""

Bounds = tuple[int, int]
"""The least and the greatest number of a column."""

Part = Callable[[int], Column]
"""A column of one of several batches."""


@frozen(eq=False)
class _Field:
    """A column in a number: its least value and its bits; or, in order, the `values` that it is a place among."""

    name: str
    low: int
    bits: int
    values: Ints | None = None

    @classmethod
    def between(cls, name: str, bounds: Bounds) -> _Field:
        low, high = bounds
        return cls(name, low, (high - low).bit_length())

    @classmethod
    def among(cls, name: str, columns: Iterator[Column]) -> _Field:
        values = np.unique(np.concatenate(list(columns)))
        return cls(name, 0, max(len(values) - 1, 0).bit_length(), values)

    def coded(self, column: Column) -> Column:
        return column if self.values is None else np.searchsorted(self.values, column)

    def said(self, numbers: Ints) -> Ints:
        """The column again."""
        part = numbers & ((1 << self.bits) - 1)
        found: Ints = part + self.low if self.values is None else self.values[part]
        return found


@frozen(eq=False)
class Packing:
    """Which columns stand in a number, from the first to the last one: by stages, if they were too many for one."""

    stages: tuple[tuple[_Field, ...], ...]

    @property
    def bits(self) -> int:
        """Of a number."""
        return sum(field.bits for field in self.stages[-1])

    def columns(self, numbers: Ints) -> Iterator[tuple[str, Column]]:
        """The columns that some numbers stand for, in any order."""
        for stage in reversed(self.stages):
            shift = 0
            for field in reversed(stage):
                is_one = not field.bits and field.values is None
                part = constant(field.low, len(numbers)) if is_one else field.said(numbers >> shift)
                shift += field.bits
                if field.name:
                    yield field.name, part
            numbers = part


def bounds_of(columns: Sequence[Column]) -> Bounds:
    """The bounds of a column that lies in batches; of none, 0."""
    there = [column[:1] if column.strides == (0,) else column for column in columns if len(column)]
    return min((int(c.min()) for c in there), default=0), max((int(c.max()) for c in there), default=0)


def pack(bounds: dict[str, Bounds], part: Callable[[int, str], Column], batches: int) -> tuple[Packing, list[Ints]]:
    """Numbers for the rows of some batches, given the bounds of their columns, and a `part` of a batch and a name."""

    def of(name: str) -> Part:
        return lambda batch: part(batch, name)

    fields = [(_Field.between(name, each), of(name)) for name, each in bounds.items()]
    if sum(field.bits for field, _ in fields) > MOST:
        fields = [
            (_Field.among(field.name, map(column, range(batches))) if field.bits > RANKED else field, column)
            for field, column in fields
        ]
    stages: list[tuple[_Field, ...]] = []
    numbers: list[Ints] = []
    while fields:
        if stages:
            lead = _Field.among("", iter(numbers))
            fields.insert(0, (lead, numbers.__getitem__))
        size = next(n for n in count(len(fields), -1) if n < 2 or sum(f.bits for f, _ in fields[:n]) <= MOST)
        stage, fields = fields[:size], fields[size:]
        numbers = list(side_by_side(partial(_packed, stage), range(batches)))
        stages.append(tuple(field for field, _ in stage))
    return Packing(tuple(stages)), numbers


def _packed(stage: Sequence[tuple[_Field, Part]], batch: int) -> Ints:
    number: Ints | None = None
    low = 0
    for field, column in stage:
        if field.bits:
            code = field.coded(column(batch))
            if number is None:
                number = code.astype(np.int64)
            else:
                number <<= field.bits
                number += code
            low = (low << field.bits) + field.low
    if number is None:
        return np.zeros(len(stage[0][1](batch)), np.int64)
    number -= low
    return number
