# SPDX-License-Identifier: Apache-2.0
"""The inner loops of `threads`, compiled by numba and kept on disk (loops where numpy has a word: sooner compiled)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeproof.properties.engines.explore.loops import Ints, arrange, compiled, expand_state

__all__ = ["fair_components", "successors"]


@compiled
def _row(base: Ints, places: Ints, apart: Ints, row: int, moved: Any, i: int) -> int:
    """The row of an event whose elements are exchanged as row i of `moved` says."""
    found = base[row]
    for n in range(places.shape[1]):
        if places[row, n] >= 0:
            found += moved[i, places[row, n]] * apart[row, n]
    return int(found)


@compiled
def _thread(threads: Ints, row: int) -> int:
    """The event that stands for the thread of another."""
    while threads[row] != row:
        threads[row] = threads[threads[row]]
        row = threads[row]
    return row


@compiled
def _way(
    arranged: int, words: int, slots: Ints, made: Ints, j: int, flat: Ints, to: int, moved: Any, i: int, way: Any
) -> None:
    """Write to row 0 of `way` the exchange that makes of state number `to` what is met by going from state number i,
    which row i of `moved` makes what is met there, to its successor j in `made`; the other rows are for notes.
    """
    differ = False
    for w in range(words):
        differ = differ or made[j * words + w] != flat[to * words + w]
    if differ:
        arrange(arranged, made, j * words, way[1])
        arrange(arranged, flat, to * words, way[2])
        for place in range(len(slots)):
            way[0, slots[place] + way[2, place]] = moved[i, slots[place] + way[1, place]]
    else:
        for place in range(len(slots)):
            way[0, place] = moved[i, place]


@compiled
def fair_components(
    words: int,
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
    most, events, elements, count = len(rows), len(base), len(slots), len(start) - 1
    flat = states.ravel()
    moved, way = np.zeros((count, elements), dtype=np.int16), np.zeros((3, elements), dtype=np.int64)
    seen, fair = np.zeros(count, dtype=np.bool_), np.zeros(components, dtype=np.bool_)
    queue = np.empty(count, dtype=np.int32)
    out, made = np.empty(most * words, dtype=np.int64), np.empty(most, dtype=np.int64)
    flags, threads = np.empty(most, dtype=np.int64), np.empty(events, dtype=np.int64)
    served, idle = np.zeros(events, dtype=np.bool_), np.zeros(events, dtype=np.bool_)
    for first in range(count):
        if seen[first]:
            continue
        for event in range(events):
            threads[event], served[event] = event, False
        for place in range(elements):
            moved[first, place] = place
        stays = False
        seen[first] = True
        queue[0] = first
        head, tail = 0, 1
        while head < tail:
            i = queue[head]
            head += 1
            # Impossible here until an edge says otherwise; one that happens inside serves its event all the same.
            for event in range(events):
                idle[event] = True
            expand_state(expand, flat, i, prm, out, made, flags)
            for j in range(start[i + 1] - start[i]):
                if rows[made[j]] >= 0:
                    idle[rows[made[j]]] = False
            for j in range(start[i + 1] - start[i]):
                if not inside[start[i] + j]:
                    continue
                stays = True
                if rows[made[j]] >= 0:
                    idle[rows[made[j]]] = True
                to = target[start[i] + j]
                _way(arranged, words, slots, out, j, flat, to, moved, i, way)
                known, same = seen[to], True
                for place in range(elements):
                    if not known:
                        moved[to, place] = way[0, place]
                    same = same and moved[to, place] == way[0, place]
                if not known:
                    seen[to] = True
                    queue[tail] = to
                    tail += 1
                if not same:
                    for event in range(events):
                        one = _thread(threads, _row(base, places, apart, event, way, 0))
                        threads[one] = _thread(threads, _row(base, places, apart, event, moved, to))
            for event in range(events):
                if idle[event]:
                    served[_row(base, places, apart, event, moved, i)] = True
        for event in range(events):
            if served[event]:
                served[_thread(threads, event)] = True
        for event in range(events):
            stays = stays and served[_thread(threads, event)]
        fair[member[first]] = stays
    return fair


@compiled
def successors(expand: int, state: Ints, prm: Ints, most: int) -> tuple[Ints, Ints]:
    """The successors of a state, which has at most so many, and their labels."""
    words = state.shape[1]
    out, made = np.empty(most * words, dtype=np.int64), np.empty(most, dtype=np.int64)
    flags = np.empty(most, dtype=np.int64)
    n = expand_state(expand, state.ravel(), 0, prm, out, made, flags)
    return out[: n * words].reshape(n, words), made[:n]
