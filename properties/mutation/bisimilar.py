# SPDX-License-Identifier: Apache-2.0
"""Have two state graphs the same runs? They have, where the same events can happen for ever, and each leaves the same
behind: they are bisimilar (partition refinement: Kanellakis and Smolka 1983).

What clocks show does not count, but for what follows from it: what can happen when, and what the properties say. A
clock that shows something else while nobody looks at it makes other states, and the same runs. Nor do steps count that
leave everything as it is, in what is shown and in what can happen from then on.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeproof.model.kernel import Kernel
from edgeproof.properties.engines.explore.loops import compiled
from edgeproof.properties.engines.explore.search import Search, Searcher

__all__ = ["bisimilar"]

Ints = NDArray[np.int64]
Signs = NDArray[np.uint64]
Blocks = NDArray[np.int32]


def bisimilar(searcher: Searcher, one: tuple[Kernel, Search], other: tuple[Kernel, Search]) -> bool:
    """Whether two complete searches by kernels of one source began in states from which they have the same runs.

    Every state of either can be reached: where the runs are the same, no block is of one search alone.
    """
    begins = one[1].count
    graphs = [search.graph() for _, search in (one, other)]
    events = _scrambled(_events(one[0]))
    signs = np.concatenate([_looks(_shown(searcher, kernel, search)) for kernel, search in (one, other)])
    blocks = np.empty(len(signs), dtype=np.int32)
    count, found = 0, _number(signs, blocks, np.zeros(_room(len(signs)), dtype=np.int32))
    while found > count:
        if not _both_have(blocks[:begins], blocks[begins:], found):
            return False
        count = found
        for graph, behind in zip(graphs, (0, begins), strict=True):
            _sign(graph.start, graph.target, graph.label, events, blocks, behind, signs)
        found = _number(signs, blocks, np.zeros(_room(len(signs)), dtype=np.int32))
    return np.array_equal(np.unique(blocks[_roots(one[1])]), np.unique(blocks[begins + _roots(other[1])]))


def _shown(searcher: Searcher, kernel: Kernel, search: Search) -> Ints:
    """What a state shows: all variables but the clocks, and what is true of it by the properties."""
    kept = np.zeros(search.states.shape[1], dtype=np.int64)
    for field in kernel.source.fields:
        if field.type.kind != "time":
            for place in range(field.length):
                kept[field.word] |= ((1 << field.bits) - 1) << (field.shift + place * field.bits)
    return np.column_stack((search.states & kept, searcher.truths(kernel, search)))


def _events(kernel: Kernel) -> Signs:
    """A number per label: the same for one event of the design, whichever mutant's action it is."""
    known: dict[object, int] = {}
    return np.array([known.setdefault(label, len(known)) for label in kernel.source.labels], dtype=np.uint64)


def _looks(rows: Ints) -> Signs:
    """A sign per row, the same for equal rows; others have one sign once in 10^19 times the square of how many."""
    signs = np.zeros(len(rows), dtype=np.uint64)
    for column in rows.T:
        signs = _scrambled(signs ^ column.astype(np.uint64))
    return signs


def _both_have(first: Blocks, second: Blocks, blocks: int) -> bool:
    return all(len(np.flatnonzero(np.bincount(part, minlength=blocks))) == blocks for part in (first, second))


def _room(count: int) -> int:
    """A power of two that is at most half full of so many."""
    return 1 << (2 * count - 1).bit_length()


@compiled
def _number(signs: Signs, blocks: Blocks, table: Blocks) -> int:
    """Number states from 0 on, the same number for the same sign; says how many numbers there are.

    The table has for each number, at its sign's place, the first state of it, counted from 1.
    """
    mask, count = np.uint64(len(table) - 1), 0
    for i in range(len(signs)):
        slot = signs[i] & mask
        while table[slot] and signs[table[slot] - 1] != signs[i]:
            slot = (slot + np.uint64(1)) & mask
        if table[slot]:
            blocks[i] = blocks[table[slot] - 1]
        else:
            table[slot] = i + 1
            blocks[i] = count
            count += 1
    return count


@compiled
def _sign(start: Ints, target: Any, label: Any, events: Signs, blocks: Blocks, behind: int, signs: Signs) -> None:
    """Sign a graph's states by their blocks, and by which events lead from them into which other ones; `behind` so many
    states of another graph.
    """
    for i in range(len(start) - 1):
        own = blocks[behind + i]
        sign = np.uint64(0)
        for edge in range(start[i], start[i + 1]):
            to = blocks[behind + target[edge]]
            if to != own:
                sign += _mixed(events[label[edge]] + np.uint64(to))
        signs[behind + i] = _mixed(sign ^ _mixed(np.uint64(own)))


@compiled
def _mixed(number: Any) -> Any:
    """A number that looks like chance, so that sums tell sets apart (splitmix64: Steele, Lea and Flood 2014)."""
    z = number + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@compiled
def _scrambled(numbers: Signs) -> Signs:
    found = np.empty(len(numbers), dtype=np.uint64)
    for i in range(len(numbers)):
        found[i] = _mixed(numbers[i])
    return found


def _roots(search: Search) -> Ints:
    return np.flatnonzero(search.parents < 0)
