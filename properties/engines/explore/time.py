# SPDX-License-Identifier: Apache-2.0
"""Can time always go on? A design whose deadlines stop it for ever keeps every promise about later, and none in truth.

From every reachable state the passing of time has to come into reach by events that are owed a turn: fair actions, and
no faults (a timelock is a state from which it does not: Henzinger, Nicollin, Sifakis and Yovine 1994).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeproof.properties.engines.explore.search import Graph

__all__ = ["first_timelock"]


def first_timelock(graph: Graph, count: int, ticks: Sequence[int], fair: Sequence[int]) -> int | None:
    """The first of `count` states from which no tick can be reached by fair events; `ticks` and `fair` are labels."""
    able = np.zeros(count, dtype=np.bool_)
    able[graph.source[graph.labelled(ticks)]] = True
    onward = graph.labelled(fair)
    source, target = graph.source[onward], graph.target[onward]
    while True:
        open_edges = ~able[source]
        source, target = source[open_edges], target[open_edges]
        reached = source[able[target]]
        if not len(reached):
            break
        able[reached] = True
    stuck = np.flatnonzero(~able)
    return int(stuck[0]) if len(stuck) else None
