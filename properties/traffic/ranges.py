# SPDX-License-Identifier: Apache-2.0
"""How many numbers of a part of a list are small, and which is the largest of those: for many parts at once.

It is a wavelet matrix: the list, bit by bit from the highest, those with a 0 moved before those with a 1 each time. A
question takes a step per bit, however long its part of the list is.
"""

from __future__ import annotations

import numpy as np
from attrs import frozen

from edgeproof.properties.traffic.table import Ints

__all__ = ["Ranges"]


@frozen(eq=False)
class Ranges:
    """A list of whole numbers from 0. Parts of it are from `start` up to, and without, `stop`."""

    levels: tuple[tuple[int, Ints], ...]
    """By bit, from the highest: how many numbers before each place have a 0 there."""

    @classmethod
    def of(cls, numbers: Ints) -> Ranges:
        """The list, ready to be asked."""
        levels = []
        for bit in range(int(numbers.max(initial=0)).bit_length() - 1, -1, -1):
            zero = (numbers >> bit) & 1 == 0
            levels.append((bit, np.concatenate([[0], np.cumsum(zero)])))
            numbers = np.concatenate([numbers[zero], numbers[~zero]])
        return cls(tuple(levels))

    def below(self, start: Ints, stop: Ints, limit: Ints) -> Ints:
        """How many numbers of each part are below its limit, which is at most the largest of all."""
        count = np.zeros(len(start), np.int64)
        for bit, zeros in self.levels:
            one, before, up_to = (limit >> bit) & 1 == 1, zeros[start], zeros[stop]
            count += np.where(one, up_to - before, 0)
            start = np.where(one, zeros[-1] + start - before, before)
            stop = np.where(one, zeros[-1] + stop - up_to, up_to)
        return count

    def smallest(self, start: Ints, stop: Ints, place: Ints) -> Ints:
        """The number at some place of each part, if that were sorted."""
        number = np.zeros(len(start), np.int64)
        for bit, zeros in self.levels:
            before, up_to = zeros[start], zeros[stop]
            one = place >= up_to - before
            number |= one.astype(np.int64) << bit
            place = np.where(one, place - (up_to - before), place)
            start = np.where(one, zeros[-1] + start - before, before)
            stop = np.where(one, zeros[-1] + stop - up_to, up_to)
        return number
