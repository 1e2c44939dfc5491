# SPDX-License-Identifier: Apache-2.0
"""The state graph of an instance as a list of its edges, and the shortest ways through it."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import breadth_first_order

from edgeproof.properties.engines.explore.search import Graph, Search

__all__ = ["Chart", "Flags", "Ints", "Ways", "chart_of", "ways"]

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@frozen(eq=False)
class Chart:
    """Edge number k leads from state `source[k]` to state `target[k]` by the event that `label[k]` stands for.

    States are numbered from 0; `roots` are the numbers of those in which a run can begin.
    """

    source: Ints
    target: Ints
    label: Ints
    roots: Ints
    states: int


@frozen(eq=False)
class Ways:
    """The shortest ways from some roots along some edges.

    `by` is for each state the edge by which its shortest way comes to it, -1 where there is none: in a root, and in a
    state that is not `reached`.
    """

    by: Ints
    reached: Flags

    def to(self, chart: Chart, edge: int) -> tuple[int, tuple[int, ...]]:
        """The root where the shortest way begins that ends with this edge, and its edges; its source is reached."""
        way, state = [edge], int(chart.source[edge])
        while self.by[state] >= 0:
            way.append(int(self.by[state]))
            state = int(chart.source[way[-1]])
        return state, tuple(way[::-1])


def chart_of(search: Search, graph: Graph) -> Chart:
    """The chart of a complete search."""
    source = np.repeat(np.arange(search.count, dtype=np.int64), np.diff(graph.start))
    roots = np.flatnonzero(search.parents < 0).astype(np.int64)
    return Chart(source, graph.target.astype(np.int64), graph.label.astype(np.int64), roots, search.count)


def ways(chart: Chart, able: Flags, roots: Ints) -> Ways:
    """The shortest ways from `roots` along the edges that are `able`."""
    outside = chart.states
    source = np.concatenate([chart.source[able], np.full(len(roots), outside)])
    target = np.concatenate([chart.target[able], roots])
    shape = (outside + 1, outside + 1)
    steps = csr_matrix((np.ones(len(source), dtype=np.int32), (source, target)), shape=shape)
    order, before = breadth_first_order(steps, outside)
    reached = np.zeros(outside + 1, dtype=np.bool_)
    reached[order] = True
    by = np.full(outside, -1, dtype=np.int64)
    # Of several edges between the same two states the first one counts: it is written last.
    used = np.flatnonzero(able & (before[chart.target] == chart.source))[::-1]
    by[chart.target[used]] = used
    return Ways(by, reached[:outside])
