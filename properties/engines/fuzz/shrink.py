# SPDX-License-Identifier: Apache-2.0
"""Shorter witnesses: leave out events as long as the rest can still happen and still breaks the same property.

This is delta debugging (Zeller and Hildebrandt 2002) on the events of a run; it works for any trace, wherever it came
from.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import takewhile
from typing import TypeAlias, TypeVar

from attrs import evolve

from edgeproof.model.interpret import Event, State, apply, evaluate
from edgeproof.model.kernel import StateForm, StepForm
from edgeproof.model.machine import Instance, Machine
from edgeproof.model.trace import Trace

__all__ = ["breaks", "least", "run_events", "shortened"]


E = TypeVar("E")

Attempt: TypeAlias = Callable[[tuple[E, ...]], tuple[E, ...] | None]
"""Answers with the events that fail (perhaps fewer than it was given), or None where they do not."""


def least(events: tuple[E, ...], attempt: Attempt[E], tries: int = 0) -> tuple[E, ...]:
    """The events without those that are not needed: ever smaller stretches are left out, until none goes.

    `tries` more attempts leave out a few events each that need not stand together, such as those of a whole cycle.
    """
    events, chance, left = _without_stretches(events, attempt), random.Random(0), tries
    while left and len(events) > 1:
        left -= 1
        gone = set(chance.sample(range(len(events)), min(len(events), chance.randint(2, 6))))
        fewer = attempt(tuple(event for place, event in enumerate(events) if place not in gone))
        if fewer is not None:
            events = _without_stretches(fewer, attempt)
    return events


def _without_stretches(events: tuple[E, ...], attempt: Attempt[E]) -> tuple[E, ...]:
    size = max(1, len(events) // 2)
    while size:
        before, start = len(events), 0
        while start < len(events):
            fewer = attempt(events[:start] + events[start + size :])
            if fewer is None:
                start += size
            else:
                events = fewer
        # What one pass has left out may make room for another, with stretches as long as pairs of single events.
        size = 2 if len(events) < before and size <= 2 else size // 2
    return events


def shortened(trace: Trace, machine: Machine, form: StateForm | StepForm) -> Trace:
    """The trace without the events that the violation of `form` at its end does not need."""
    instance, first = Instance.of(machine, **trace.constants), trace.states[0]
    # Simpler expressions that mean the same here.
    quick = Instance(instance.specialised, instance.values)
    whole = _run(quick, (first,), trace.events)
    assert whole is not None, "the trace does not replay"
    known = trace.events, whole

    def attempt(events: tuple[Event, ...]) -> tuple[Event, ...] | None:
        nonlocal known
        same = sum(1 for _ in takewhile(lambda pair: pair[0] is pair[1], zip(events, known[0], strict=False)))
        states = _run(quick, known[1][: same + 1], events[same:])
        if states is None or not breaks(quick, form, states, events):
            return None
        known = events, states
        return events

    events = least(trace.events, attempt)
    states = _run(instance, (first,), events)
    assert states is not None, "the trace does not replay"
    return evolve(trace, states=states, events=events)


def breaks(
    instance: Instance, form: StateForm | StepForm, states: tuple[State, ...], events: tuple[Event, ...]
) -> bool:
    """Whether a run breaks `form` in its last state or step."""
    if isinstance(form, StateForm):
        return not evaluate(instance, form.holds, states[-1])
    if not events or events[-1].action not in form.per_action:
        return False
    return not evaluate(instance, form.per_action[events[-1].action][0], states[-2], dict(events[-1].arguments))


def run_events(trace: Trace, machine: Machine) -> tuple[State, ...] | None:
    """The states that the events of a trace lead through from its first state; None where one cannot happen."""
    return _run(Instance.of(machine, **trace.constants), trace.states[:1], trace.events)


def _run(instance: Instance, begun: tuple[State, ...], events: tuple[Event, ...]) -> tuple[State, ...] | None:
    """The states of a run that goes on from where it has `begun`; None where an event cannot happen."""
    states = list(begun)
    for event in events:
        try:
            states.append(apply(instance, states[-1], event))
        except ValueError:
            return None
    return tuple(states)
