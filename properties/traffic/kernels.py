# SPDX-License-Identifier: Apache-2.0
"""What is done to every event, or to every telling of many: compiled by numba, kept on disk, and without Python's lock.

To import this takes longer than a small history does, so that it is imported for large ones only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

from edgeproof.properties.traffic.table import Floats, Ints

__all__ = ["in_order_later_min", "number", "spans"]

Times = tuple[Floats, Floats, Floats, Floats]


def _compiled(function: Callable[..., Any]) -> Any:
    try:
        return njit(error_model="numpy", nogil=True, cache=True)(function)
    except RuntimeError:
        # There is no folder that numba may write to: it is compiled anew in every process.
        return njit(error_model="numpy", nogil=True)(function)


@_compiled
def _mixed(key: int) -> int:
    mixed = key * np.int64(-7046029254386353131)
    return int(mixed ^ ((mixed >> 32) & np.int64(0xFFFFFFFF)))


@_compiled
def number(keys: Ints, of: Ints, first: Ints) -> int:
    """Number equal keys by when they come first: each one's number in `of`, where it came first in `first`.

    Returns how many numbers there are.
    """
    mask, count = 4095, 0
    slots, own = np.full(4096, -1, np.int32), np.empty(2048, np.int64)
    for row in range(len(keys)):
        key = keys[row]
        slot = _mixed(key) & mask
        while slots[slot] >= 0 and own[slots[slot]] != key:
            slot = (slot + 1) & mask
        if slots[slot] < 0:
            slots[slot], own[count], first[count] = count, key, row
            count += 1
            if count == len(own):
                mask = 2 * mask + 1
                slots, grown = np.full(mask + 1, -1, np.int32), np.empty(2 * count, np.int64)
                grown[:count] = own
                own = grown
                for other in range(count):
                    free = _mixed(own[other]) & mask
                    while slots[free] >= 0:
                        free = (free + 1) & mask
                    slots[free] = other
            of[row] = count - 1
        else:
            of[row] = slots[slot]
    return count


@_compiled
def spans(of: Ints, times: Times, n: Ints, out: Times, sums: Ints) -> None:
    """Of spans of time (the first and the last time that something began, and that it ended) those of each row's group.

    `out` has one span of each group; `sums` is added `n` to, which may be one number that is meant for all rows.
    """
    for row in range(len(of)):
        group = of[row]
        out[0][group] = min(out[0][group], times[0][row])
        out[1][group] = max(out[1][group], times[1][row])
        out[2][group] = min(out[2][group], times[2][row])
        out[3][group] = max(out[3][group], times[3][row])
        sums[group] += n[row] if len(n) > 1 else n[0]


@_compiled
def in_order_later_min(by: Ints, label: Ints, times: Floats, out: Floats) -> bool:
    """The least time of the rows with a newer label, of the same `by`, NaN for none: of rows in order of both only.

    Returns whether they are; there must be one row per label.
    """
    least = np.nan
    for row in range(len(by) - 1, -1, -1):
        if row + 1 < len(by) and by[row] == by[row + 1]:
            if label[row] > label[row + 1]:
                return False
            if times[row + 1] < least or np.isnan(least):
                least = times[row + 1]
        elif row + 1 < len(by) and by[row] > by[row + 1]:
            return False
        else:
            least = np.nan
        out[row] = least
    return True
