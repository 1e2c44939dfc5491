# SPDX-License-Identifier: Apache-2.0
"""A trace as a list of steps: what was done, what changed, and which properties were true then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from attrs import frozen

from edgeproof.model.interpret import Event, State
from edgeproof.model.machine import TICK, Machine
from edgeproof.model.trace import Trace
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.reports.durations import plain_number

__all__ = ["Change", "TraceStep", "settling", "steps_document", "trace_steps"]


def settling() -> frozenset[str]:
    """The properties that must hold from some moment on: not to hold yet is no violation."""
    return frozenset(one.id for one in CATALOGUE.values() if one.settles is not None)


@frozen
class Change:
    """One variable, or one element of an array, that a step changed; `before` is None for a free initial value."""

    name: str
    before: Any
    after: Any
    clock: bool = False

    def __str__(self) -> str:
        if self.before is None:
            return f"{self.name} = {_shown(self.after)}"
        return f"{self.name} {_shown(self.before)} -> {_shown(self.after)}"


@frozen
class TraceStep:
    """One state of a trace and how it came about; number 0 is the initial state and has no event.

    `at` is how much time has passed since the trace began, in ticks. `truth` says of each property whether it holds
    here, None where it says nothing about this step. `looping` steps are those that a lasso repeats for ever.
    """

    number: int
    event: Event | None
    doc: str
    hazard: str
    at: int | Fraction
    changes: tuple[Change, ...]
    truth: Mapping[str, bool | None]
    looping: bool = False


def trace_steps(machine: Machine, trace: Trace, truth: Sequence[Mapping[str, bool | None]]) -> tuple[TraceStep, ...]:
    """The steps of a trace of a design; `truth` has one mapping per state."""
    steps = [TraceStep(0, None, "", "", 0, _chosen(machine, trace.states[0]), truth[0])]
    at: int | Fraction = 0
    for number, event in enumerate(trace.events, start=1):
        at += event.delay if event.action == TICK else 0
        action = machine.action(event.action)
        changes = _changes(machine, trace.states[number - 1], trace.states[number])
        looping = trace.loop is not None and number > trace.loop
        steps.append(TraceStep(number, event, action.doc, action.hazard, at, changes, truth[number], looping))
    return tuple(steps)


def steps_document(trace: Trace, steps: Sequence[TraceStep]) -> dict[str, Any]:
    """The same as data."""
    return {
        "design": trace.design,
        "constants": dict(trace.constants),
        "about": trace.about or None,
        "origin": trace.origin,
        "seed": trace.seed,
        "note": trace.note,
        "loop": trace.loop,
        "steps": [_step(step) for step in steps],
    }


def _step(step: TraceStep) -> dict[str, Any]:
    return {
        "number": step.number,
        "action": None if step.event is None else step.event.action,
        "arguments": {} if step.event is None else dict(step.event.arguments),
        "doc": step.doc,
        "hazard": step.hazard or None,
        "at": plain_number(step.at),
        "part": "loop" if step.looping else "stem",
        "changes": [{"name": c.name, "from": _plain(c.before), "to": _plain(c.after)} for c in step.changes],
        "truth": dict(step.truth),
    }


def _chosen(machine: Machine, state: State) -> tuple[Change, ...]:
    """What the initial state chose among several values."""
    return tuple(
        Change(f"{name}{index}", None, value)
        for name, variable in machine.variables.items()
        if variable.initial is None
        for index, value in _elements(state[name])
    )


def _changes(machine: Machine, before: State, after: State) -> tuple[Change, ...]:
    """What differs; clocks come last, since most steps change some."""
    found = [
        Change(f"{name}{index}", old, new, variable.type.kind == "time")
        for name, variable in machine.variables.items()
        for (index, old), (_, new) in zip(_elements(before[name]), _elements(after[name]), strict=True)
        if old != new
    ]
    return tuple(sorted(found, key=lambda change: change.clock))


def _elements(value: Any) -> list[tuple[str, Any]]:
    return [(f"[{n}]", element) for n, element in enumerate(value)] if isinstance(value, tuple) else [("", value)]


def _plain(value: Any) -> Any:
    return plain_number(value) if isinstance(value, Fraction) else value


def _shown(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
