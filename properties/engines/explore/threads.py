# SPDX-License-Identifier: Apache-2.0
"""Does every fair run settle, where a search kept one state of each orbit?

A component of the graph of orbits stands for components of the graph of all states, which are each other but for an
exchange of elements; it is followed in one of them, that of its first state. For each state the exchange is kept that
makes of it the state that is met there. An event, say a read at location 0, is then told from a read at location 1
however often the locations are exchanged on the way: its thread (Emerson and Sistla, Utilizing symmetry when model
checking under fairness assumptions, 1997). Where two ways come to one state by different exchanges both are met, so the
threads of events that these exchange are one. The component is fair if each thread has a state in which its event is
impossible, or an edge by which it happens.

What is violated is shown by a run of states as they are: the component is unfolded from where it is entered.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from edgeproof.model.kernel import Kernel
from edgeproof.properties.engines.explore.exchange import Exchange
from edgeproof.properties.engines.explore.liveness import Loops, Surroundings, calm_components, possible_in
from edgeproof.properties.engines.explore.search import Graph, Search, Searcher, among
from edgeproof.properties.engines.explore.thread_loops import fair_components, successors

__all__ = ["Threads"]

Ints = NDArray[np.int64]


@frozen
class Threads:
    """The graph of orbits that a search kept, and what tells the events of its fair actions apart."""

    searcher: Searcher
    kernel: Kernel
    search: Search
    exchange: Exchange

    def loops(self, graph: Graph, hazard: list[int]) -> Loops:
        """The fair components of the graph without the edges that have a label of `hazard`."""
        events = self._fair_events()
        fair = [label for label, _ in events]
        components, member, inside = calm_components(graph, hazard)
        fair_enough = fair_components(
            self.searcher.source.words,
            self.searcher.native.expand,
            self.exchange.native.arranged,
            self.search.states,
            np.array(self.kernel.parameters, dtype=np.int64),
            (graph.start, graph.target, inside, member),
            components,
            self._rows(fair),
            self._slots(),
            *self._events_as_slots(events),
        )
        return Loops(graph, graph.source, possible_in(fair, graph), member, inside, fair_enough[member])

    def around(self, loops: Loops, entry: int) -> Surroundings:
        """The component of the graph of all states that a run is in when it enters state number `entry`."""
        states = self.search.states
        members = {one.tobytes() for one in self.exchange.canonical(states[loops.member == loops.member[entry]])}
        fair, calm = list(loops.possible), ~among(self._hazards())
        met, queue = {states[entry].tobytes(): 0}, [states[entry]]
        edges: list[tuple[int, int, int, bool]] = []
        for at, state in enumerate(queue):
            following, labels = self._successors(state)
            stay = [one.tobytes() in members for one in self.exchange.canonical(following)]
            for one, label, stays in zip(following, labels.tolist(), stay, strict=True):
                if stays and calm[label]:
                    if met.setdefault(one.tobytes(), len(queue)) == len(queue):
                        queue.append(one)
                    edges.append((at, met[one.tobytes()], label, True))
                else:
                    edges.append((at, at, label, False))
        graph, inside = _graph(len(queue), edges)
        return Surroundings(0, graph, inside, possible_in(fair, graph))

    def _hazards(self) -> list[int]:
        hazards = {action.name for action in self.kernel.instance.machine.actions if action.hazard}
        return [n for n, (name, _) in enumerate(self.searcher.source.labels) if name in hazards]

    def _successors(self, state: Ints) -> tuple[Ints, Ints]:
        prm = np.array(self.kernel.parameters, dtype=np.int64)
        most = len(self.searcher.source.labels)
        following, labels = successors(self.searcher.native.expand, state.reshape(1, -1), prm, most)
        return following, labels

    def _fair_events(self) -> list[tuple[int, tuple[tuple[str, int], ...]]]:
        """The events of fair actions: the label of each, and its elements with their sorts. Those of one action follow
        each other in the order of their elements.
        """
        instance, source = self.kernel.instance, self.searcher.source
        labels = {event: label for label, event in enumerate(source.labels)}
        fired = {source.labels[label][0] for label in np.flatnonzero(self.search.fired)}
        found = []
        for action in instance.machine.actions:
            if action.fair and action.name in fired:
                sorts = [one.type.sort for one in action.arguments]
                for chosen in product(*(instance.domain(one.type) for one in action.arguments)):
                    elements = tuple(int(element) for element in chosen)
                    found.append((labels[action.name, elements], tuple(zip(sorts, elements, strict=True))))
        return found

    def _rows(self, fair: Sequence[int]) -> Ints:
        """Of each label its row among the fair ones, or -1."""
        rows = np.full(len(self.searcher.source.labels), -1, dtype=np.int64)
        rows[list(fair)] = np.arange(len(fair))
        return rows

    def _offsets(self) -> dict[str, int]:
        """Where the elements of each sort that is moved begin among all of these."""
        offsets, used = {}, 0
        for sort, size in self.exchange.moved.items():
            offsets[sort] = used
            used += size
        return offsets

    def _slots(self) -> Ints:
        """Of each place of an arrangement where the elements of its sort begin."""
        offsets = self._offsets()
        sizes = self.exchange.moved.items()
        return np.array([offsets[sort] for sort, size in sizes for _ in range(size)], dtype=np.int64)

    def _events_as_slots(self, events: Sequence[tuple[int, tuple[tuple[str, int], ...]]]) -> tuple[Ints, Ints, Ints]:
        """The row of each event were its elements all at the beginning, the places of those that are moved (-1 for
        none), and how far apart the rows of neighbouring ones are.
        """
        offsets = self._offsets()
        sizes: dict[str, int] = {}
        for _, elements in events:
            for sort, element in elements:
                sizes[sort] = max(sizes.get(sort, 0), element + 1)
        most = max((len(elements) for _, elements in events), default=0)
        base = np.arange(len(events), dtype=np.int64)
        places, apart = np.full((len(events), most), -1, dtype=np.int64), np.zeros((len(events), most), dtype=np.int64)
        for row, (_, elements) in enumerate(events):
            stride = 1
            for n, (sort, element) in reversed(list(enumerate(elements))):
                if sort in offsets:
                    places[row, n], apart[row, n] = offsets[sort] + element, stride
                    base[row] -= (offsets[sort] + element) * stride
                stride *= sizes[sort]
        return base, places, apart


def _graph(count: int, edges: Sequence[tuple[int, int, int, bool]]) -> tuple[Graph, NDArray[np.bool_]]:
    """A graph of edges that are in the order of where they begin, and which of them are inside."""
    columns: Any = np.array(edges, dtype=np.int64).reshape(-1, 4).T
    start = np.searchsorted(columns[0], np.arange(count + 1))
    graph = Graph(start, columns[1].astype(np.int32), columns[2].astype(np.int16))
    return graph, columns[3].astype(np.bool_)
