# SPDX-License-Identifier: Apache-2.0
"""Breadth-first search over a kernel's packed states, compiled once per kernel.

The states in the order of discovery are the queue. A hash table with open addressing holds the states themselves, so
that a look-up touches one cache line; its size doubles when it is half full. Successors are made in blocks and their
table lines are touched before they are compared: the search is bound by memory, and this lets the misses overlap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from attrs import frozen
from numba import njit
from numpy.typing import NDArray

from model.kernel import Kernel, KernelSource, kernel_parameters, load_kernel
from model.machine import Instance

__all__ = ["Graph", "Search", "Searcher", "prepare_search"]

Ints = NDArray[np.int64]

_BLOCK = 256
"""States expanded at a time: enough misses in flight, and the block's successors stay in the first-level cache."""


@frozen(eq=False)
class Search:
    """What a search found: every reachable state in the order of discovery, and how it was first reached.

    `hits` has one row per property (state properties first, then step properties): how often it was put to the test,
    the first state from which it is broken or -1, and the label of the breaking step (-1 for a state property).
    `fired` counts per label how often that event could happen.
    `depths` are the numbers of the first state of each breadth-first level. `left_range` is -1 or a field's number.
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
    table: Ints
    places: NDArray[np.int32]

    @property
    def complete(self) -> bool:
        """Whether every reachable state was expanded."""
        return self.expanded == self.count and self.left_range < 0

    @property
    def depth(self) -> int:
        """The number of steps up to which everything was searched."""
        return len(self.depths) - 1


@frozen(eq=False)
class Graph:
    """The state graph in compressed rows: the edges of state i are `start[i]:start[i + 1]` of `target` and `label`."""

    start: Ints
    target: NDArray[np.int32]
    label: NDArray[np.int16]


@frozen(eq=False)
class Searcher:
    """A compiled search for every instance that shares a kernel source."""

    source: KernelSource
    kernel: Callable[[Instance], Kernel]
    level: Callable[..., None]
    insert: Callable[..., None]
    edges: Callable[..., None]
    truths: Callable[..., Ints]

    def run(self, kernel: Kernel, initial: Sequence[Sequence[int]], most_states: int, most_depth: int) -> Search:
        """Search from the packed `initial` states until nothing is new, or until a limit is reached.

        The search stops at the end of the level in which `most_states` is passed, so that what it says is true of
        every behaviour of up to `depth` steps.
        """
        words, asked = self.source.words, len(self.source.states) + len(self.source.steps)
        most = len(self.source.labels)
        room = 2 * _BLOCK * most + len(initial)
        states = np.zeros((room, words), dtype=np.int64)
        states[: len(initial)] = np.array(initial, dtype=np.int64)
        parents, labels = np.full(room, -1, dtype=np.int32), np.full(room, -1, dtype=np.int16)
        table, places = _new_table(_table_size(room), words)
        hits = np.full((asked, 3), -1, dtype=np.int64)
        hits[:, 0] = 0
        progress = np.array([len(initial), 0, 0, 0, 0, 0], dtype=np.int64)
        fired = np.zeros(most, dtype=np.int64)
        prm = kernel.parameters
        self.insert(states, 0, len(initial), table, places, prm, hits, True)
        depths = [0]
        while (
            progress[1] < progress[0] and not progress[3] and progress[0] <= most_states and len(depths) <= most_depth
        ):
            end = int(progress[0])
            while progress[1] < end and not progress[3]:
                self.level(states, parents, labels, table, places, prm, hits, fired, progress, end)
                if progress[4]:
                    progress[4] = 0
                    room *= 2
                    states, parents, labels = _grown(states, room), _grown(parents, room), _grown(labels, room)
                if 2 * room > len(places):
                    table, places = _new_table(_table_size(room), words)
                    self.insert(states, 0, int(progress[0]), table, places, prm, hits, False)
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
            table,
            places,
        )

    def graph(self, kernel: Kernel, search: Search) -> Graph:
        """Every edge of a complete search."""
        start = np.zeros(search.count + 1, dtype=np.int64)
        target = np.empty(search.transitions, dtype=np.int32)
        label = np.empty(search.transitions, dtype=np.int16)
        self.edges(search.states, search.count, search.table, search.places, kernel.parameters, start, target, label)
        return Graph(start, target, label)


def prepare_search(source: KernelSource) -> Searcher:
    """The search around a kernel. Numba compiles it when it first runs (seconds, once per source text and process)."""
    functions = _functions(source.text, source.words, len(source.labels), len(source.states), len(source.steps))

    def kernel(instance: Instance) -> Kernel:
        return Kernel(source, instance, functions.expand, functions.check, kernel_parameters(source, instance))

    return Searcher(source, kernel, functions.level, functions.insert, functions.edges, functions.truths)


@frozen(eq=False)
class _Functions:
    expand: Callable[..., int]
    check: Callable[..., int]
    level: Callable[..., None]
    insert: Callable[..., None]
    edges: Callable[..., None]
    truths: Callable[..., Ints]


@lru_cache(maxsize=32)
def _functions(text: str, words: int, most: int, state_forms: int, step_forms: int) -> _Functions:
    expand, check = load_kernel(text, njit(error_model="numpy"))
    slot_of = _make_slot_of(words)
    level, insert = _make_level(expand, check, slot_of, words, most, state_forms, step_forms)
    return _Functions(expand, check, level, insert, _make_edges(expand, slot_of, words, most), _make_truths(check))


def _make_slot_of(words: int) -> Any:
    @njit(error_model="numpy")
    def slot_of(row: Ints, at: int, mask: int) -> int:
        """Where the search for a state begins in the table (a multiply-and-fold hash of its words)."""
        mixed = np.int64(0)
        for w in range(words):
            mixed = (mixed ^ row[at + w]) * np.int64(-7046029254386353131)
            mixed ^= (mixed >> 32) & np.int64(0xFFFFFFFF)
        return int(mixed & mask)

    return slot_of


def _make_level(expand: Any, check: Any, slot_of: Any, words: int, most: int, state_forms: int, step_forms: int) -> Any:
    @njit(error_model="numpy")
    def level(
        states: Ints,
        parents: Any,
        labels: Any,
        table: Ints,
        places: Any,
        prm: Ints,
        hits: Ints,
        fired: Ints,
        progress: Ints,
        end: int,
    ) -> None:
        """Expand states up to number `end`, stopping early where the arrays need more room."""
        mask = len(places) - 1
        flat = states.ravel()
        cells = table.ravel()
        out = np.empty(_BLOCK * most * words, dtype=np.int64)
        made = np.empty(_BLOCK * most, dtype=np.int64)
        flags = np.empty(_BLOCK * most, dtype=np.int64)
        source = np.empty(_BLOCK * most, dtype=np.int64)
        slots = np.empty(_BLOCK * most, dtype=np.int64)
        count, head, transitions = progress[0], progress[1], progress[2]
        room = len(parents)
        while head < end:
            block = min(_BLOCK, end - head)
            if count + block * most > room:
                progress[4] = 1
                break
            n = 0
            for i in range(head, head + block):
                more = expand(flat, i, prm, out[n * words :], made[n:], flags[n:])
                if more < 0:
                    progress[3] = -more
                    more = 0
                for j in range(n, n + more):
                    source[j] = i
                    fired[made[j]] += 1
                n += more
            touched = np.int64(0)
            for j in range(n):
                slot = slot_of(out, j * words, mask)
                slots[j] = slot
                touched += cells[slot * words]
            progress[5] = touched
            for j in range(n):
                if step_forms and flags[j]:
                    for form in range(step_forms):
                        if flags[j] >> (2 * form) & 1:
                            hits[state_forms + form, 0] += 1
                        if flags[j] >> (2 * form + 1) & 1 and hits[state_forms + form, 1] < 0:
                            hits[state_forms + form, 1] = source[j]
                            hits[state_forms + form, 2] = made[j]
                slot = slots[j]
                while True:
                    first = cells[slot * words]
                    if first == 0:
                        break
                    same = first == out[j * words] + 1
                    for w in range(1, words):
                        same = same and cells[slot * words + w] == out[j * words + w]
                    if same:
                        break
                    slot = (slot + 1) & mask
                if cells[slot * words] != 0:
                    continue
                cells[slot * words] = out[j * words] + 1
                flat[count * words] = out[j * words]
                for w in range(1, words):
                    cells[slot * words + w] = out[j * words + w]
                    flat[count * words + w] = out[j * words + w]
                places[slot] = count
                parents[count] = source[j]
                labels[count] = made[j]
                if state_forms:
                    note(flat, count, prm, hits)
                count += 1
            head += block
            transitions += n
            if progress[3]:
                break
        progress[0], progress[1], progress[2] = count, head, transitions

    @njit(error_model="numpy")
    def note(flat: Ints, i: int, prm: Ints, hits: Ints) -> None:
        """Ask every state property of state number i."""
        found = check(flat, i, prm)
        for form in range(state_forms):
            if found >> (2 * form) & 1:
                hits[form, 0] += 1
            if found >> (2 * form + 1) & 1 and hits[form, 1] < 0:
                hits[form, 1] = i

    @njit(error_model="numpy")
    def insert(
        states: Ints, begin: int, end: int, table: Ints, places: Any, prm: Ints, hits: Ints, asking: bool
    ) -> None:
        """Put states number begin..end-1 into the table; ask the state properties of them if `asking`."""
        mask = len(places) - 1
        flat = states.ravel()
        for i in range(begin, end):
            slot = slot_of(flat, i * words, mask)
            while table[slot, 0] != 0:
                slot = (slot + 1) & mask
            table[slot, 0] = flat[i * words] + 1
            for w in range(1, words):
                table[slot, w] = flat[i * words + w]
            places[slot] = i
            if asking and state_forms:
                note(flat, i, prm, hits)

    return level, insert


def _make_edges(expand: Any, slot_of: Any, words: int, most: int) -> Any:
    @njit(error_model="numpy")
    def edges(
        states: Ints, count: int, table: Ints, places: Any, prm: Ints, start: Ints, target: Any, label: Any
    ) -> None:
        """Fill in the rows of the state graph."""
        mask = len(places) - 1
        flat = states.ravel()
        out = np.empty(most * words, dtype=np.int64)
        made = np.empty(most, dtype=np.int64)
        flags = np.empty(most, dtype=np.int64)
        edge = 0
        for i in range(count):
            start[i] = edge
            for j in range(expand(flat, i, prm, out, made, flags)):
                slot = slot_of(out, j * words, mask)
                while True:
                    same = table[slot, 0] == out[j * words] + 1
                    for w in range(1, words):
                        same = same and table[slot, w] == out[j * words + w]
                    if same:
                        break
                    slot = (slot + 1) & mask
                target[edge] = places[slot]
                label[edge] = made[j]
                edge += 1
        start[count] = edge

    return edges


def _make_truths(check: Any) -> Any:
    @njit(error_model="numpy")
    def truths(states: Ints, count: int, prm: Ints) -> Ints:
        """What `check` says of every state."""
        found = np.empty(count, dtype=np.int64)
        flat = states.ravel()
        for i in range(count):
            found[i] = check(flat, i, prm)
        return found

    return truths


def _table_size(room: int) -> int:
    """A power of two that stays at most half full while `room` states are found."""
    return 1 << (2 * room - 1).bit_length()


def _new_table(size: int, words: int) -> tuple[Ints, NDArray[np.int32]]:
    return np.zeros((size, words), dtype=np.int64), np.zeros(size, dtype=np.int32)


def _grown(array: Any, room: int) -> Any:
    larger = np.empty((room, *array.shape[1:]), dtype=array.dtype)
    larger[: len(array)] = array
    return larger
