# SPDX-License-Identifier: Apache-2.0
"""The fewest steps that take every edge of a state graph: a postman's tours, each from a root.

A run begins in a root and may end anywhere. So there is one more node, outside, that leads to every root and to which
every state leads; a round through it falls apart into runs where it comes by. How often such a round takes each edge,
and at least once, is a linear programme whose solutions are whole numbers, as a flow's are; and where as many edges
come in as go out there is a round that takes each as often (the directed Chinese postman: Edmonds and Johnson 1973).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import networkx as nx
import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

from edgeproof.properties.engines.cover.chart import Chart, Flags, Ints, Ways

__all__ = ["Tour", "tours"]


@frozen
class Tour:
    """A run: from state `root` along `edges`, by their numbers."""

    root: int
    edges: tuple[int, ...]


def tours(chart: Chart, able: Flags, found: Ways) -> list[Tour]:
    """Runs that take every edge that is `able` and `found` to be reached, with as few steps as there can be."""
    edges = np.flatnonzero(able & found.reached[chart.source])
    states, outside = np.flatnonzero(found.reached), chart.states
    source = np.concatenate([chart.source[edges], states, np.full(len(chart.roots), outside)])
    target = np.concatenate([chart.target[edges], np.full(len(states), outside), chart.roots])
    least = np.concatenate([np.ones(len(edges)), np.zeros(len(states)), np.ones(len(chart.roots))])
    times = _circulation(source, target, least, outside + 1)
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph()
    for arc, (begin, end, often) in enumerate(zip(source.tolist(), target.tolist(), times.tolist(), strict=True)):
        for turn in range(often):
            graph.add_edge(begin, end, key=(arc, turn))
    return list(_runs(graph, outside, edges.tolist()))


def _runs(graph: nx.MultiDiGraph[int], outside: int, edges: list[int]) -> Iterator[Tour]:
    """The runs into which a round falls apart; the arcs of `graph` are numbered, those of edges first."""
    root, taken = outside, list[int]()
    for begin, end, (arc, _) in nx.eulerian_circuit(graph, source=outside, keys=True):
        if begin == outside:
            root, taken = end, []
        elif end == outside:
            yield Tour(root, tuple(taken))
        else:
            taken.append(edges[arc])


def _circulation(source: Ints, target: Ints, least: NDArray[np.float64], nodes: int) -> Ints:
    """How often to take each arc, at `least` so often, that every node is left as often as it is entered."""
    arcs = np.arange(len(source))
    ones = np.ones(len(source))
    shape = (nodes, len(source))
    # That linprog takes a sparse matrix, its stubs do not know.
    balance: Any = csr_matrix((ones, (target, arcs)), shape=shape) - csr_matrix((ones, (source, arcs)), shape=shape)
    bounds = [(low, None) for low in least.tolist()]
    flow = linprog(ones, A_eq=balance, b_eq=np.zeros(nodes), bounds=bounds, method="highs-ds").x
    assert flow is not None, "every state is reached, and can be left"
    times: Ints = np.rint(flow).astype(np.int64)
    assert np.abs(flow - times).max() < 1e-6, "a flow that is no whole number"
    return times
