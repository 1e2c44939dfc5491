# SPDX-License-Identifier: Apache-2.0
"""Can time always go on? A design whose deadlines stop it for ever keeps every promise about later, and none in truth.

From every reachable state the passing of time has to come into reach by events that are owed a turn: fair actions, and
no faults (a timelock is a state from which it does not: Henzinger, Nicollin, Sifakis and Yovine 1994).
"""

from __future__ import annotations

from collections.abc import Sequence

from edgeproof.properties.engines.explore.loops import stuck
from edgeproof.properties.engines.explore.search import Graph, among

__all__ = ["first_timelock"]


def first_timelock(graph: Graph, ticks: Sequence[int], fair: Sequence[int]) -> int | None:
    """The first state from which no tick can be reached by fair events; `ticks` and `fair` are labels."""
    at = stuck(graph.start, graph.target, graph.label, among(ticks), among(fair))
    return None if at < 0 else int(at)
