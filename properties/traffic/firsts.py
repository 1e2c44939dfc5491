# SPDX-License-Identifier: Apache-2.0
"""The first row of a part of a table, in its order, that has enough of everything: for many parts and limits at once.

It is a tree over the rows, which knows of each of its branches the most that a row there has of each column. A question
goes from a row to the next one, and past whole branches in which none can do. Where columns grow, or fall, along the
rows, as times and versions mostly do, that takes as many steps as the tree is high, twice.
"""

from __future__ import annotations

import numpy as np
from attrs import frozen

from edgeproof.properties.traffic.table import Column, Ints

__all__ = ["Firsts"]


@frozen(eq=False)
class Firsts:
    """Rows of so many columns. Parts of them are from `start` up to, and without, `stop`."""

    trees: tuple[Column, ...]
    """Of a column, the most that there is below each branch: that of number n has those of 2n and 2n + 1."""

    @classmethod
    def of(cls, *columns: Column) -> Firsts:
        """The rows, ready to be asked. No column may have times that are not there."""
        return cls(tuple(map(_tree, columns)))

    def at_least(self, start: Ints, stop: Ints, *limits: Column) -> Ints:
        """The place of the first row of each part that has at least its limit of every column, -1 if none has."""
        found = np.full(len(start), -1, np.int64)
        leaves = len(self.trees[0]) // 2
        asking = np.arange(len(start))
        place, node, width = start.astype(np.int64), start + leaves, np.ones(len(start), np.int64)
        while len(asking := asking[inside := place < stop]):
            place, node, width, stop = place[inside], node[inside], width[inside], stop[inside]
            limits = tuple(limit[inside] for limit in limits)
            fits = np.ones(len(asking), bool)
            for tree, limit in zip(self.trees, limits, strict=True):
                fits &= tree[node] >= limit
            there = fits & (width == 1)
            found[asking[there]] = place[there]
            # Down to the first half of what may do; or past what does not, to the largest branch that begins there.
            after = node + 1
            whole = after & -after
            place = np.where(fits, place, place + width)
            node, width = np.where(fits, 2 * node, after // whole), np.where(fits, width // 2, width * whole)
            stop = np.where(there, -1, stop)
        return found


def _tree(column: Column) -> Column:
    leaves = 1 << max(len(column) - 1, 0).bit_length()
    tree = np.full(2 * leaves, _least(column.dtype), column.dtype)
    tree[leaves : leaves + len(column)] = column
    while leaves > 1:
        leaves //= 2
        tree[leaves : 2 * leaves] = np.maximum(tree[2 * leaves : 4 * leaves : 2], tree[2 * leaves + 1 : 4 * leaves : 2])
    return tree


def _least(kind: np.dtype) -> float | int:
    return -np.inf if kind.kind == "f" else int(np.iinfo(kind).min)
