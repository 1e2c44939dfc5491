# SPDX-License-Identifier: Apache-2.0
"""Breadth-first search over a kernel's packed states.

The states in the order of discovery are the queue. A hash table with open addressing holds the states themselves, so
that a look-up touches one cache line; its size doubles when it is half full. The kernel is compiled by `model.native`;
the loops around it (`loops`) are compiled once for all kernels, and call it by its address.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from edgeproof.model.kernel import Kernel, KernelSource
from edgeproof.model.native import Native, compile_native
from edgeproof.properties.engines.explore.exchange import Exchange
from edgeproof.properties.engines.explore.loops import BLOCK, insert, level, truths

__all__ = ["Graph", "Search", "Searcher", "among", "prepare_search"]

Ints = NDArray[np.int64]


@frozen(eq=False)
class Search:
    """What a search found: every reachable state in the order of discovery, and how it was first reached.

    `hits` has one row per property (state properties first, then step properties): how often it was put to the test,
    the first state from which it is broken or -1, and the label of the breaking step (-1 for a state property).
    `fired` counts per label how often that event could happen.
    `depths` are the numbers of the first state of each breadth-first level. `left_range` is -1 or a field's number.
    `fanout` says how many edges each expanded state has; state by state, they lead to `target` by the labels `via`.
    These two are empty where there were more edges than were to be kept.

    Where like elements are exchanged (`Exchange`) each state is the first that was met of its orbit, and every edge
    leads to one that stands for where it leads. `hits`, `fired` and `found` then count all states of the orbits.
    """

    states: Ints
    parents: NDArray[np.int32]
    labels: NDArray[np.int16]
    count: int
    expanded: int
    transitions: int
    hits: Ints
    fired: Ints
    depths: list[int]
    left_range: int
    fanout: NDArray[np.int32]
    target: NDArray[np.int32]
    via: NDArray[np.int16]
    found: int

    @property
    def steps(self) -> int:
        """How many transitions the states that were expanded have, those of their orbits included."""
        return int(self.fired.sum())

    @property
    def complete(self) -> bool:
        """Whether every reachable state was expanded."""
        return self.expanded == self.count and self.left_range < 0

    @property
    def depth(self) -> int:
        """The number of steps up to which everything was searched."""
        return len(self.depths) - 1

    def graph(self) -> Graph:
        """Every edge of a complete search that kept them."""
        return Graph(np.concatenate(([0], np.cumsum(self.fanout, dtype=np.int64))), self.target, self.via)


@frozen(eq=False, slots=False)
class Graph:
    """The state graph in compressed rows: the edges of state i are `start[i]:start[i + 1]` of `target` and `label`."""

    start: Ints
    target: NDArray[np.int32]
    label: NDArray[np.int16]

    @cached_property
    def source(self) -> NDArray[np.int32]:
        """The state that each edge begins in."""
        return np.repeat(np.arange(len(self.start) - 1, dtype=np.int32), np.diff(self.start))


@frozen(eq=False)
class Searcher:
    """A compiled search for every instance that shares a kernel source."""

    source: KernelSource
    native: Native

    def run(
        self,
        kernel: Kernel,
        initial: Sequence[Sequence[int]],
        most_states: int,
        most_depth: int,
        most_edges: int,
        exchange: Exchange | None = None,
    ) -> Search:
        """Search from the packed `initial` states until nothing is new, or until a limit is reached; up to `most_edges`
        edges are kept, of a search that finds more none. With an `exchange` one state of each orbit is kept, and
        expanded.

        The search stops at the end of the level in which `most_states` is passed, so that what it says is true of
        every behaviour of up to `depth` steps.
        """
        words, forms = self.source.words, (len(self.source.states), len(self.source.steps))
        most, shape = len(self.source.labels), self._shape
        first = np.array(initial, dtype=np.int64).reshape(-1, words)
        first = first if exchange is None else exchange.firsts(first)
        room = 2 * BLOCK * most + len(first)
        states = np.zeros((room, words), dtype=np.int64)
        states[: len(first)] = first
        alike = (0, 0) if exchange is None else (exchange.native.canonical, exchange.native.orbit)
        weights = np.empty(0 if exchange is None else room, dtype=np.int64)
        parents, labels = np.full(room, -1, dtype=np.int32), np.full(room, -1, dtype=np.int16)
        fanout = np.empty(room, dtype=np.int32)
        edges = room if most_edges else 0
        target, via = np.empty(edges, dtype=np.int32), np.empty(edges, dtype=np.int16)
        table, places = _new_table(_table_size(room), words)
        hits = np.full((sum(forms), 3), -1, dtype=np.int64)
        hits[:, 0] = 0
        progress = np.array([len(first), 0, 0, 0, 0, 0], dtype=np.int64)
        fired = np.zeros(most, dtype=np.int64)
        prm, expand, check = _vector(kernel), self.native.expand, self.native.check
        insert(shape, check, alike, forms[0], states, weights, 0, len(first), table, places, prm, hits)
        depths = [0]
        while (
            progress[1] < progress[0] and not progress[3] and progress[0] <= most_states and len(depths) <= most_depth
        ):
            end = int(progress[0])
            while progress[1] < end and not progress[3]:
                level(
                    shape, expand, check, alike, *forms, states, weights, parents, labels, fanout, target, via, table,
                    places, prm, hits, fired, progress, end,
                )  # fmt: skip
                if progress[4]:
                    progress[4] = 0
                    if progress[0] + BLOCK * most > room:
                        room *= 2
                        states, parents, labels = _grown(states, room), _grown(parents, room), _grown(labels, room)
                        fanout, weights = _grown(fanout, room), _grown(weights, room if exchange else 0)
                    if progress[2] + BLOCK * most > len(target):
                        edges = 2 * len(target) if progress[2] <= most_edges else 0
                        target, via = _grown(target, edges), _grown(via, edges)
                if 2 * room > len(places):
                    table, places = _new_table(_table_size(room), words)
                    insert(shape, check, alike, 0, states, weights, 0, int(progress[0]), table, places, prm, hits)
            depths.append(end)
        count, head, transitions, left = (int(p) for p in progress[:4])
        return Search(
            states[:count],
            parents[:count],
            labels[:count],
            count,
            head,
            transitions,
            hits,
            fired,
            depths,
            left - 1,
            fanout[:head],
            target[:transitions],
            via[:transitions],
            int(weights[:count].sum()) if exchange else count,
        )

    def truths(self, kernel: Kernel, search: Search) -> Ints:
        """What the kernel's `check` says of every state that was found."""
        found: Ints = truths(self.native.check, search.states, search.count, _vector(kernel))
        return found

    @property
    def _shape(self) -> tuple[int, ...]:
        return (0,) * self.source.words


def among(labels: Sequence[int]) -> NDArray[np.bool_]:
    """Of every number that a label may have, whether it is one of these."""
    wanted = np.zeros(1 << 15, dtype=np.bool_)
    wanted[list(labels)] = True
    return wanted


def prepare_search(source: KernelSource) -> Searcher:
    """The search around a kernel, which is compiled here (once per source text and process)."""
    return Searcher(source, _native(source.text))


@lru_cache(maxsize=32)
def _native(text: str) -> Native:
    return compile_native(text)


def _table_size(room: int) -> int:
    """A power of two that stays at most half full while `room` states are found."""
    return 1 << (2 * room - 1).bit_length()


def _vector(kernel: Kernel) -> Ints:
    return np.array(kernel.parameters, dtype=np.int64)


def _new_table(size: int, words: int) -> tuple[Ints, NDArray[np.int32]]:
    return np.zeros((size, words), dtype=np.int64), np.zeros(size, dtype=np.int32)


def _grown(array: Any, room: int) -> Any:
    larger = np.empty((room, *array.shape[1:]), dtype=array.dtype)
    larger[: len(array)] = array[:room]
    return larger
