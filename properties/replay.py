# SPDX-License-Identifier: Apache-2.0
"""Replaying a trace: in the interpreter, or step by step on a system under test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from edgeproof.impl.system import ActionUnknown, System
from edgeproof.model.designs import load
from edgeproof.model.interpret import Event, State, evaluate
from edgeproof.model.kernel import StateForm
from edgeproof.model.machine import TICK, Instance
from edgeproof.model.trace import Trace, TraceError, replay
from edgeproof.properties.catalogue import CATALOGUE, applicable, state_form, step_form
from edgeproof.properties.engines.fuzz.engine import LOCKSTEP, setup_of
from edgeproof.properties.engines.fuzz.sight import not_judged

__all__ = ["Replay", "replay_on", "replay_on_model", "truth_table"]


@frozen
class Replay:
    """What came of replaying a trace.

    `steps` says what was done; `mismatch` what went otherwise than recorded, empty if nothing did. `confirmed` says
    whether the property that the trace is about is broken at its end, None if the trace is about none, or where
    the system does not let it be seen; `undecided` says then what it does not show or cannot do.
    """

    completed: bool
    steps: tuple[str, ...]
    mismatch: str
    confirmed: bool | None
    undecided: str = ""


def truth_table(trace: Trace) -> tuple[Mapping[str, bool | None], ...]:
    """For every state the truth of every property that applies: of the state, or of the step that led to it.

    None where a property says nothing about that step. For a property that settles it is whether it holds just now.
    """
    instance = Instance.of(load(trace.design), **trace.constants)
    return tuple(_truths(instance, trace.states, trace.events, number) for number in range(len(trace.states)))


def replay_on_model(trace: Trace) -> Replay:
    """Run a trace through the interpreter. Raises TraceError where it is no run of the design."""
    states = replay(load(trace.design), trace)
    return Replay(True, tuple(str(event) for event in trace.events), "", _confirmed(trace, tuple(states)))


def replay_on(trace: Trace, system: System) -> Replay:
    """Perform a trace on a system, comparing all it shows with what is recorded, step by step."""
    instance = Instance.of(load(trace.design), **trace.constants)
    done: list[str] = []
    seen: list[State] = []
    shown = set(instance.machine.variables)
    system.start(setup_of(instance))
    for number, recorded in enumerate(trace.states):
        event = trace.events[number - 1] if number else None
        what = str(event) if event else "the start"
        try:
            if event is not None:
                _perform(system, event)
            observed = system.observe()
        except ActionUnknown as error:
            text = f"{what}: the system cannot perform it: {error}"
            return Replay(False, tuple(done), text, None, f"the system cannot perform {event}")
        except Exception as error:
            return Replay(False, tuple(done), f"{what}: {type(error).__name__}: {error}", None)
        if event is not None:
            done.append(what)
        shown &= observed.keys()
        wrong = [name for name, value in observed.items() if name in recorded and recorded[name] != value]
        if wrong:
            name = wrong[0]
            text = f"after {what}: {name} is {observed[name]!r}, recorded as {recorded[name]!r}"
            return Replay(False, tuple(done), text, True if trace.about == LOCKSTEP else None)
        seen.append({**recorded, **{name: value for name, value in observed.items() if name in recorded}})
    if trace.about in CATALOGUE and (hidden := not_judged(instance, CATALOGUE[trace.about], shown)):
        return Replay(True, tuple(done), "", None, hidden)
    return Replay(True, tuple(done), "", _confirmed(trace, tuple(seen)))


def _perform(system: System, event: Event) -> None:
    if event.action != TICK:
        system.perform(event.action, dict(event.arguments))
        return
    if event.delay != int(event.delay):
        raise TraceError(f"{event}: a system's time passes in whole ticks")
    for _ in range(int(event.delay)):
        system.perform(TICK, {})


def _confirmed(trace: Trace, states: tuple[State, ...]) -> bool | None:
    if trace.about not in CATALOGUE:
        return None
    instance = Instance.of(load(trace.design), **trace.constants)
    if trace.loop is not None:
        # A lasso is about what holds for ever: it is broken if some state of the loop is not settled.
        rounds = range(trace.loop, len(states))
        return any(_truths(instance, states, trace.events, n)[trace.about] is False for n in rounds)
    return _truths(instance, states, trace.events, len(states) - 1)[trace.about] is False


def _truths(
    instance: Instance, states: tuple[State, ...], events: tuple[Event, ...], number: int
) -> dict[str, bool | None]:
    return {name: _truth(instance, name, states, events, number) for name in applicable(instance)}


def _truth(
    instance: Instance, name: str, states: tuple[State, ...], events: tuple[Event, ...], number: int
) -> bool | None:
    one = CATALOGUE[name]
    if one.step is None:
        form: StateForm = state_form(instance.machine, one)
        return bool(evaluate(instance, form.holds, states[number]))
    if number == 0:
        return None
    event = events[number - 1]
    pair: Any = step_form(instance.machine, one).per_action.get(event.action)
    if pair is None:
        return None
    arguments: dict[str, Any] = dict(event.arguments)
    return bool(evaluate(instance, pair[0], states[number - 1], arguments))
