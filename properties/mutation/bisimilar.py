# SPDX-License-Identifier: Apache-2.0
"""Have two state graphs the same runs? They have, where the same events can happen for ever, and each leaves the same
behind: they are bisimilar (partition refinement: Kanellakis and Smolka 1983).

What clocks show does not count, but for what follows from it: what can happen when, and what the properties say. A
clock that shows something else while nobody looks at it makes other states, and the same runs. Nor do steps count that
leave everything as it is, in what is shown and in what can happen from then on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgeproof.model.kernel import Kernel
from edgeproof.properties.engines.explore.search import Search, Searcher

__all__ = ["bisimilar"]

Ints = NDArray[np.int64]


def bisimilar(searcher: Searcher, one: tuple[Kernel, Search], other: tuple[Kernel, Search]) -> bool:
    """Whether two complete searches by kernels of one source began in states from which they have the same runs."""
    seen = np.concatenate([_shown(searcher, kernel, search) for kernel, search in (one, other)])
    blocks = _numbered(seen)
    source, label, target = _edges(one[1], other[1])
    events = _scrambled(_events(one[0])[label])
    count = 0
    while (found := int(blocks.max()) + 1) > count:
        count = found
        signs = np.zeros(len(blocks), dtype=np.uint64)
        leaves = blocks[source] != blocks[target]
        np.add.at(signs, source[leaves], _scrambled(events[leaves] + blocks[target[leaves]].astype(np.uint64)))
        blocks = _numbered(np.column_stack((blocks, signs.view(np.int64))))
    first, second = blocks[_roots(one[1])], blocks[one[1].count + _roots(other[1])]
    return bool(np.array_equal(np.unique(first), np.unique(second)))


def _shown(searcher: Searcher, kernel: Kernel, search: Search) -> Ints:
    """What a state shows: all variables but the clocks, and what is true of it by the properties."""
    kept = np.zeros(search.states.shape[1], dtype=np.int64)
    for field in kernel.source.fields:
        if field.type.kind != "time":
            for place in range(field.length):
                kept[field.word] |= ((1 << field.bits) - 1) << (field.shift + place * field.bits)
    return np.column_stack((search.states & kept, searcher.truths(kernel, search)))


def _edges(one: Search, other: Search) -> tuple[Ints, Ints, Ints]:
    """The edges of both graphs in one, by numbers of states: those of the second come behind those of the first."""
    sources, labels, targets, behind = [], [], [], 0
    for search in (one, other):
        graph = search.graph()
        sources.append(np.repeat(np.arange(search.count, dtype=np.int64), np.diff(graph.start)) + behind)
        labels.append(graph.label.astype(np.int64))
        targets.append(graph.target.astype(np.int64) + behind)
        behind += search.count
    return np.concatenate(sources), np.concatenate(labels), np.concatenate(targets)


def _events(kernel: Kernel) -> NDArray[np.uint64]:
    """A number per label: the same for one event of the design, whichever mutant's action it is."""
    known: dict[object, int] = {}
    return np.array([known.setdefault(label, len(known)) for label in kernel.source.labels], dtype=np.uint64)


def _numbered(rows: Ints) -> Ints:
    """A number per row, the same for equal rows; others have one number once in 10^19 times the square of how many."""
    signs = np.zeros(len(rows), dtype=np.uint64)
    for column in rows.T:
        signs = _scrambled(signs ^ column.astype(np.uint64))
    _, numbers = np.unique(signs, return_inverse=True)
    return numbers.astype(np.int64)


def _scrambled(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers that look like chance, so that their sums tell sets apart (splitmix64: Steele, Lea and Flood 2014)."""
    with np.errstate(over="ignore"):
        z = numbers.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def _roots(search: Search) -> Ints:
    return np.flatnonzero(search.parents < 0)
