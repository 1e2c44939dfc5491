# SPDX-License-Identifier: Apache-2.0
"""Is a lasso what it claims to be: a fair run that goes round for ever without settling?

That things have not settled at the end of a run says nothing: they may still. A witness of liveness is therefore held
to all that its claim needs: a loop that closes, in which no fault strikes, and in which everything that is owed a turn
(weak fairness) gets one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from edgeproof.model.interpret import Event, State, evaluate, successors
from edgeproof.model.kernel import StateForm
from edgeproof.model.machine import Instance
from edgeproof.model.trace import Trace

__all__ = ["flaw"]

Key = tuple[str, tuple[tuple[str, int], ...]]


def flaw(
    instance: Instance, trace: Trace, states: Sequence[State], form: StateForm, pack: Callable[[State], Any]
) -> str:
    """Why a trace does not show that `form` never settles, in words; empty where it does.

    `states` are those of the run, which has been replayed. `pack` tells states apart as far as any guard or property
    can: clocks run on in the interpreter, and the loop closes on states that nothing tells apart.
    """
    if trace.loop is None:
        return "it has no loop: what has not settled by its end may settle later"
    loop, events = states[trace.loop :], trace.events[trace.loop :]
    if pack(loop[0]) != pack(loop[-1]):
        return f"its loop does not close: state {len(trace.events)} is not state {trace.loop}"
    actions = {action.name: action for action in instance.machine.actions}
    struck = [event for event in events if actions[event.action].hazard]
    if struck:
        return f"{struck[0]} is a fault, and faults do not go on for ever"
    if all(evaluate(instance, form.holds, state) for state in loop):
        return "everything is settled in its loop"
    owed = _owed(instance, loop) - {_key(event) for event in events}
    if owed:
        action, arguments = min(owed)
        return f"it is not fair: {Event(action, arguments)} is possible all along its loop, and never happens"
    return ""


def _owed(instance: Instance, loop: Sequence[State]) -> set[Key]:
    """The fair events that are possible in every state of the loop."""
    fair = [action.name for action in instance.machine.actions if action.fair]
    possible = [{_key(event) for event, _ in successors(instance, state, fair)} for state in loop]
    return set.intersection(*possible)


def _key(event: Event) -> Key:
    return event.action, event.arguments
