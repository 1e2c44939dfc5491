# SPDX-License-Identifier: Apache-2.0
"""Shorter witnesses: leave out events as long as the rest can still happen and still breaks the same property.

This is one-minimal delta debugging on the events of a model run; it works for any trace, wherever it came from.
"""

from __future__ import annotations

from attrs import evolve

from model.designs import load
from model.interpret import Event, State, apply, evaluate
from model.kernel import StateForm, StepForm
from model.machine import Instance, Machine
from model.trace import Trace

__all__ = ["breaks", "run_events", "shortened"]


def shortened(trace: Trace, machine: Machine, form: StateForm | StepForm) -> Trace:
    """The trace without the events that the violation of `form` at its end does not need."""
    instance = Instance.of(machine, **trace.constants)
    events, first = list(trace.events), trace.states[0]
    shrinking = True
    while shrinking:
        shrinking = False
        for position in range(len(events) - 1, -1, -1):
            fewer = events[:position] + events[position + 1 :]
            states = _run(instance, first, fewer)
            if states is not None and breaks(instance, form, states, fewer):
                events, shrinking = fewer, True
    states = _run(instance, first, events)
    assert states is not None
    return evolve(trace, states=states, events=tuple(events))


def breaks(instance: Instance, form: StateForm | StepForm, states: tuple[State, ...], events: list[Event]) -> bool:
    """Whether a run breaks `form` in its last state or step."""
    if isinstance(form, StateForm):
        return not evaluate(instance, form.holds, states[-1])
    if not events or events[-1].action not in form.per_action:
        return False
    return not evaluate(instance, form.per_action[events[-1].action][0], states[-2], dict(events[-1].arguments))


def run_events(trace: Trace, machine: Machine | None = None) -> tuple[State, ...] | None:
    """The states that the events of a trace lead through from its first state; None where one cannot happen."""
    machine = machine or load(trace.design)
    return _run(Instance.of(machine, **trace.constants), trace.states[0], trace.events)


def _run(instance: Instance, first: State, events: list[Event] | tuple[Event, ...]) -> tuple[State, ...] | None:
    states = [first]
    for event in events:
        try:
            states.append(apply(instance, states[-1], event))
        except ValueError:
            return None
    return tuple(states)
