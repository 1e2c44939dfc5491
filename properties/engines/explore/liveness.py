# SPDX-License-Identifier: Apache-2.0
"""Does every fair run settle? Weak fairness decided on the components of the state graph.

A property settles if every run, from some moment on and for ever, is in states where it holds, provided that writes and
faults stop and that no fair action stays possible for ever without happening. A run that breaks it ends up in one
strongly connected component of the graph without hazard steps; that component contains a state where the property does
not hold and, for each fair event, a state where the event is impossible or an edge by which it happens. Conversely a
walk through all of such a component for ever is a fair run, so the test is exact (weak fairness needs no more: Emerson
and Lei 1987). A state in which nothing can happen is left by nothing: it stutters for ever, and counts as a component
with a loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import networkx as nx
import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from edgeproof.properties.engines.explore.loops import staying, without_parallels
from edgeproof.properties.engines.explore.search import Graph, among

__all__ = ["Lasso", "Loops", "Surroundings", "calm_components", "fair_cycle", "fair_loops", "possible_in"]

_BLOCK: Final = 1 << 18
"""Edges that are looked at together, which takes some 20 bytes each."""


@frozen
class Lasso:
    """A fair run that never settles: from state `entry` the events `labels` lead round and back to it.

    Without labels the run stops in `entry` for ever.
    """

    entry: int
    labels: tuple[int, ...]


@frozen
class Loops:
    """Where runs of a graph can stay for ever, whatever is asked of them.

    `possible` says per fair label in which states it is possible, `inside` which edges stay in their component, of
    which `member` is the number by state, and `fair_enough` in which states a run can stay without being unfair.
    """

    graph: Graph
    source: NDArray[np.int32]
    possible: dict[int, NDArray[np.bool_]]
    member: NDArray[np.int32]
    inside: NDArray[np.bool_]
    fair_enough: NDArray[np.bool_]


@frozen
class Surroundings:
    """The component in which a run stays that enters state `entry`: the edges `inside` of a graph."""

    entry: int
    graph: Graph
    inside: NDArray[np.bool_]
    possible: dict[int, NDArray[np.bool_]]


def fair_loops(graph: Graph, fair: list[int], hazard: list[int]) -> Loops:
    """The fair components of a graph without hazard edges; `fair` and `hazard` are labels."""
    possible = possible_in(fair, graph)
    components, member, inside = calm_components(graph, hazard)
    fair_enough = _fair_components(components, member, graph.source, graph, inside, possible)
    return Loops(graph, graph.source, possible, member, inside, fair_enough[member])


def possible_in(labels: list[int], graph: Graph) -> dict[int, NDArray[np.bool_]]:
    """For each of `labels` in which states there is an edge with it."""
    return _places(labels, graph.label, graph.source, len(graph.start) - 1)


def calm_components(graph: Graph, hazard: list[int]) -> tuple[int, NDArray[np.int32], NDArray[np.bool_]]:
    """How many components the graph has without the labels `hazard`, which one each state is in, and which of the
    other edges stay in theirs.
    """
    count, calm = len(graph.start) - 1, ~among(hazard)
    # Of parallel edges scipy's search finds no end.
    start, target = without_parallels(graph.start, graph.target, graph.label, calm)
    edges = csr_matrix((np.ones(len(target)), target, start), shape=(count, count))
    components, member = connected_components(edges, directed=True, connection="strong")
    return components, member, staying(graph.start, graph.target, graph.label, calm, member)


def fair_cycle(
    loops: Loops, unsettled: NDArray[np.bool_], around: Callable[[Loops, int], Surroundings] | None = None
) -> Lasso | None:
    """A fair cycle through an unsettled state, the one that is entered earliest, or None.

    `unsettled` says of each state that the property does not hold in it. States must be numbered in breadth-first
    order, so that the earliest entry gives the shortest stem. `around` says where a run stays that enters a state; by
    default that are the graph's states of its component.
    """
    able = np.logical_or.reduce([*loops.possible.values(), np.zeros(len(unsettled), dtype=np.bool_)])
    entries, stops = np.flatnonzero(unsettled & loops.fair_enough), np.flatnonzero(unsettled & ~able)
    if not len(entries) and not len(stops):
        return None
    if len(stops) and (not len(entries) or stops[0] <= entries[0]):
        return Lasso(int(stops[0]), ())
    entry = int(entries[0])
    return Lasso(entry, _round_trip((around or _component)(loops, entry)))


def _component(loops: Loops, entry: int) -> Surroundings:
    inside = loops.inside & (loops.member[loops.source] == loops.member[entry])
    return Surroundings(entry, loops.graph, inside, loops.possible)


def _fair_components(
    components: int,
    member: NDArray[np.int32],
    source: NDArray[np.int32],
    graph: Graph,
    inside: NDArray[np.bool_],
    possible: dict[int, NDArray[np.bool_]],
) -> NDArray[np.bool_]:
    """Which components a run can stay in for ever without being unfair to any event."""
    home = member[source[inside]]
    stays = np.zeros(components, dtype=np.bool_)
    stays[home] = True
    happens = _places(list(possible), graph.label[inside], home, components)
    for label, enabled in possible.items():
        impossible = np.zeros(components, dtype=np.bool_)
        impossible[member[~enabled]] = True
        stays &= impossible | happens[label]
    return stays


def _places(
    labels: list[int], label: NDArray[np.int16], place: NDArray[np.int32], places: int
) -> dict[int, NDArray[np.bool_]]:
    """For each of `labels` in which of so many places there is an edge with it; `label` and `place` are the edges'."""
    row = np.full(1 << 15, len(labels), dtype=np.int64)
    row[labels] = np.arange(len(labels))
    found = np.zeros((len(labels) + 1) * places, dtype=np.bool_)
    for begin in range(0, len(label), _BLOCK):
        part = slice(begin, begin + _BLOCK)
        found[row[label[part]] * places + place[part]] = True
    return dict(zip(labels, found.reshape(-1, places), strict=False))


def _round_trip(around: Surroundings) -> tuple[int, ...]:
    """A short fair walk from an entry back to it: greedy, always to the nearest state that serves a due event."""
    entry, graph, inside, possible = around.entry, around.graph, around.inside, around.possible
    # Self-loops and parallel edges matter for fairness, so the walk looks edges up by their label, not in the digraph.
    walkable: nx.DiGraph[int] = nx.DiGraph()
    by_label: dict[int, dict[int, int]] = {}
    for at, to, label in zip(
        graph.source[inside].tolist(), graph.target[inside].tolist(), graph.label[inside].tolist(), strict=True
    ):
        by_label.setdefault(label, {}).setdefault(at, to)
        if not walkable.has_edge(at, to):
            walkable.add_edge(at, to, label=label)
    walk: list[int] = []
    visited = {entry}
    at = entry

    def go(goal: Callable[[int], bool]) -> None:
        nonlocal at
        for step in _path(walkable, at, goal):
            walk.append(walkable.edges[at, step]["label"])
            at = step
            visited.add(at)

    for label, enabled in possible.items():
        if label in walk or any(not enabled[state] for state in visited):
            continue
        there = by_label.get(label, {})
        go(lambda state, enabled=enabled, there=there: not enabled[state] or state in there)  # type: ignore[misc]
        if enabled[at]:
            walk.append(label)
            at = there[at]
            visited.add(at)
    go(lambda state: state == entry)
    if not walk:
        # The component serves every event by being impossible somewhere already visited; it still has to move.
        label, moves = next((label, moves) for label, moves in by_label.items() if entry in moves)
        walk.append(label)
        at = moves[entry]
        go(lambda state: state == entry)
    return tuple(walk)


def _path(graph: nx.DiGraph[int], start: int, goal: Callable[[int], bool]) -> list[int]:
    """The states after `start` on a shortest path to the nearest state that satisfies `goal`."""
    if goal(start):
        return []
    before = {start: start}
    queue = [start]
    for state in queue:
        for following in graph.successors(state):
            if following not in before:
                before[following] = state
                queue.append(following)
                if goal(following):
                    path = [following]
                    while before[path[-1]] != start:
                        path.append(before[path[-1]])
                    return path[::-1]
    raise AssertionError("a component is strongly connected")
