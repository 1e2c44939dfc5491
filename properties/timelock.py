# SPDX-License-Identifier: Apache-2.0
"""Can time always go on? What the interpreter says of one state, and the id of the verdict.

A timelock is a state from which the passing of time does not come into reach by events that are owed a turn
(Henzinger, Nicollin, Sifakis and Yovine 1994).
"""

from __future__ import annotations

from typing import Final

from edgeproof.model.interpret import State, successors
from edgeproof.model.machine import TICK, Instance

__all__ = ["TIME_DIVERGES", "stops_time"]

TIME_DIVERGES: Final = "time-diverges"
"""The id of the verdict on the passing of time itself."""

_MOST: Final = 100_000


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
