# SPDX-License-Identifier: Apache-2.0
"""Which properties a system breaks where it parts ways with its model, by what it shows there.

In lockstep a system is compared with the model, and the first difference ends the run. What the system shows then is a
state as well, and may be one that breaks a promise: a changelog that lacks an entry, a reader that goes back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from edgeproof.impl.system import Observation, System
from edgeproof.model.interpret import State, evaluate
from edgeproof.model.machine import TICK, Instance
from edgeproof.model.trace import Trace
from edgeproof.properties.catalogue import Property, state_form
from edgeproof.properties.engines.fuzz.run import setup_of
from edgeproof.properties.engines.fuzz.sight import AFTER, in_own_words

__all__ = ["broken_by"]


def broken_by(
    trace: Trace, instance: Instance, properties: Iterable[Property], system: Callable[[], System]
) -> tuple[str, ...]:
    """The properties that are broken in the state, or by the step, that a system shows at the end of a run.

    The run is made once more. Nothing is said where the system cannot be observed there; what it does not show is taken
    to be as the model has it.
    """
    under_test = system()
    try:
        before, after = _seen(trace, instance, under_test)
    except Exception:
        return ()
    finally:
        under_test.close()
    # Of a run without steps only what holds of states can be broken.
    return tuple(one.id for one in properties if _is_broken(trace, instance, one, before, after))


def _seen(trace: Trace, instance: Instance, system: System) -> tuple[State, State]:
    """The last two states, as the system shows them; twice the first where there is but one."""
    system.start(setup_of(instance))
    shown: list[Observation] = [system.observe()]
    for event in trace.events:
        for _ in range(int(event.delay) if event.action == TICK else 1):
            system.perform(event.action, dict(event.arguments))
        shown.append(system.observe())
    states = [_overlaid(state, seen) for state, seen in zip(trace.states, shown, strict=True)]
    return states[max(0, len(states) - 2)], states[-1]


def _overlaid(state: State, seen: Observation) -> State:
    """The state as it is shown, but for what is shown in a shape that no value of the variable has."""
    return {name: seen[name] if _alike(seen.get(name), value) else value for name, value in state.items()}


def _alike(one: object, other: object) -> bool:
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_alike, one, other))
    return type(one) is type(other)


def _is_broken(trace: Trace, instance: Instance, one: Property, before: State, after: State) -> bool:
    if one.settles is not None:
        return False
    if one.step is None:
        return not evaluate(instance, state_form(instance.machine, one).holds, after)
    if not trace.events:
        return False
    event = trace.events[-1]
    pair = in_own_words(instance.machine, one).per_action.get(event.action)
    if pair is None:
        return False
    both: Mapping[str, Any] = {**before, **{name + AFTER: value for name, value in after.items()}}
    return not evaluate(instance, pair[0], both, dict(event.arguments))
