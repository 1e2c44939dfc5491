# SPDX-License-Identifier: Apache-2.0
"""Can time always go on? A design whose deadlines stop it for ever keeps every promise about later, and none in truth.

From every reachable state the passing of time has to come into reach by events that are owed a turn: fair actions, and
no faults (a timelock is a state from which it does not: Henzinger, Nicollin, Sifakis and Yovine 1994).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from edgeproof.model.interpret import State, successors
from edgeproof.model.machine import TICK, Instance
from edgeproof.properties.engines.explore.search import Graph

__all__ = ["TIME_DIVERGES", "first_timelock", "stops_time"]

TIME_DIVERGES: Final = "time-diverges"
"""The id of the verdict on the passing of time itself."""

_MOST: Final = 100_000


def first_timelock(graph: Graph, count: int, ticks: Sequence[int], fair: Sequence[int]) -> int | None:
    """The first of `count` states from which no tick can be reached by fair events; `ticks` and `fair` are labels."""
    source = np.repeat(np.arange(count, dtype=np.int32), np.diff(graph.start))
    able = np.zeros(count, dtype=np.bool_)
    able[source[np.isin(graph.label, ticks)]] = True
    onward = np.isin(graph.label, fair)
    source, target = source[onward], graph.target[onward]
    while True:
        open_edges = ~able[source]
        source, target = source[open_edges], target[open_edges]
        reached = source[able[target]]
        if not len(reached):
            break
        able[reached] = True
    stuck = np.flatnonzero(~able)
    return int(stuck[0]) if len(stuck) else None


def stops_time(instance: Instance, state: State) -> bool:
    """Whether time can never pass again, by the interpreter: no fair events lead to a state in which it can.

    Raises MemoryError where too many states would have to be looked at.
    """
    fair = [action.name for action in instance.machine.actions if action.fair]
    seen, waiting = {_key(state)}, [state]
    while waiting:
        for event, after in successors(instance, waiting.pop(), fair):
            if event.action == TICK:
                return False
            if _key(after) not in seen:
                seen.add(_key(after))
                waiting.append(after)
        if len(seen) > _MOST:
            raise MemoryError(f"more than {_MOST:,} states in which no time passes")
    return True


def _key(state: State) -> tuple[object, ...]:
    return tuple(state.values())
