# SPDX-License-Identifier: Apache-2.0
"""The inner loops of `threads`, compiled by numba and kept on disk."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeproof.properties.engines.explore.loops import Ints, Shape, arrange, compiled, expand_state

__all__ = ["fair_components", "successors"]


@compiled
def _row(base: Ints, places: Ints, apart: Ints, row: int, moved: Any) -> int:
    """The row of an event whose elements are exchanged as `moved` says."""
    found = base[row]
    for n in range(places.shape[1]):
        if places[row, n] >= 0:
            found += moved[places[row, n]] * apart[row, n]
    return int(found)


@compiled
def _thread(threads: Ints, row: int) -> int:
    """The event that stands for the thread of another."""
    while threads[row] != row:
        threads[row] = threads[threads[row]]
        row = threads[row]
    return row


@compiled
def _differ(words: int, one: Ints, at: int, other: Ints, to: int) -> bool:
    """Whether two states differ whose words begin at `at` and at `to`."""
    for w in range(words):
        if one[at + w] != other[to + w]:
            return True
    return False


@compiled
def _same(one: Any, other: Any) -> bool:
    """Whether two exchanges are one."""
    for n in range(len(one)):
        if one[n] != other[n]:
            return False
    return True


@compiled
def _exchange(slots: Ints, one: Ints, other: Ints, moved: Any, way: Any) -> None:
    """Where each element goes that comes to stand in `other` where in `one` one stands that `moved` has moved."""
    for place in range(len(slots)):
        way[slots[place] + other[place]] = moved[slots[place] + one[place]]


@compiled
def fair_components(
    shape: Shape,
    expand: int,
    arranged: int,
    states: Ints,
    prm: Ints,
    graph: tuple[Ints, Any, Any, Any],
    components: int,
    rows: Ints,
    slots: Ints,
    base: Ints,
    places: Ints,
    apart: Ints,
) -> NDArray[np.bool_]:
    """Which components a run can stay in for ever without being unfair to any event.

    The `graph` is `start` and `target` of its edges, which of them stay inside their component, and each state's
    component; the edges of a state are in the order of its successors. `rows` are the fair events by label, or -1; for
    `slots`, `base`, `places` and `apart` see `Threads`.
    """
    start, target, inside, member = graph
    words, most, events = len(shape), len(rows), len(base)
    flat = states.ravel()
    count, elements = len(start) - 1, len(slots)
    moved = np.zeros((count, elements), dtype=np.int16)
    seen = np.zeros(count, dtype=np.bool_)
    fair = np.zeros(components, dtype=np.bool_)
    queue = np.empty(count, dtype=np.int32)
    out, made = np.empty(most * words, dtype=np.int64), np.empty(most, dtype=np.int64)
    flags = np.empty(most, dtype=np.int64)
    one, other = np.empty(elements, dtype=np.int64), np.empty(elements, dtype=np.int64)
    way = np.empty(elements, dtype=np.int16)
    threads, served = np.empty(events, dtype=np.int64), np.empty(events, dtype=np.bool_)
    possible, taken = np.empty(events, dtype=np.bool_), np.empty(events, dtype=np.bool_)
    for first in range(count):
        if seen[first]:
            continue
        threads[:] = np.arange(events)
        served[:] = False
        stays = False
        seen[first] = True
        moved[first] = np.arange(elements)
        queue[0] = first
        head, tail = 0, 1
        while head < tail:
            i = queue[head]
            head += 1
            possible[:] = False
            taken[:] = False
            expand_state(expand, flat, i, prm, out, made, flags)
            for j in range(start[i + 1] - start[i]):
                edge = start[i] + j
                row = rows[made[j]]
                if row >= 0:
                    possible[row] = True
                    taken[row] = taken[row] or inside[edge]
                if not inside[edge]:
                    continue
                stays = True
                to = target[edge]
                way[:] = moved[i]
                if _differ(words, out, j * words, flat, to * words):
                    arrange(arranged, out, j * words, one)
                    arrange(arranged, flat, to * words, other)
                    _exchange(slots, one, other, moved[i], way)
                if not seen[to]:
                    seen[to] = True
                    moved[to] = way
                    queue[tail] = to
                    tail += 1
                elif not _same(way, moved[to]):
                    for event in range(events):
                        a = _thread(threads, _row(base, places, apart, event, way))
                        b = _thread(threads, _row(base, places, apart, event, moved[to]))
                        threads[a] = b
            for event in range(events):
                if taken[event] or not possible[event]:
                    served[_row(base, places, apart, event, moved[i])] = True
        for event in range(events):
            served[_thread(threads, event)] |= served[event]
        fair[member[first]] = stays
        for event in range(events):
            fair[member[first]] &= served[_thread(threads, event)]
    return fair


@compiled
def successors(expand: int, state: Ints, prm: Ints, most: int) -> tuple[Ints, Ints]:
    """The successors of a state, which has at most so many, and their labels."""
    words = state.shape[1]
    out, made = np.empty(most * words, dtype=np.int64), np.empty(most, dtype=np.int64)
    flags = np.empty(most, dtype=np.int64)
    n = expand_state(expand, state.ravel(), 0, prm, out, made, flags)
    return out[: n * words].reshape(n, words), made[:n]
