# SPDX-License-Identifier: Apache-2.0
"""Traces as input: read from a file, and held against the design that they say they are of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from edgeproof.model.designs import load
from edgeproof.model.expr import Type
from edgeproof.model.interpret import Event
from edgeproof.model.machine import TICK, DesignError, Instance, Machine, Variable
from edgeproof.model.trace import LARGEST_NUMBER, MOST_STATES, Trace, TraceError, load_trace
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.engines.crash.effort import POWER_CUT
from edgeproof.properties.engines.fuzz.run import LOCKSTEP
from edgeproof.properties.possible import fact_called
from edgeproof.properties.timelock import TIME_DIVERGES
from edgeproof.reports.errors import Unusable
from edgeproof.reports.files import read_pieces

__all__ = ["LARGEST_TRACE", "read_trace"]

LARGEST: Final = 100_000
"""Counts and sort sizes are enumerated when a trace is replayed; no file may ask for any amount of that."""

LARGEST_TRACE: Final = 512 * 2**20
"""Bytes of a trace, which takes up to four times as much memory: of its text no more is held than a state."""

_MOST_LOOKS: Final = MOST_STATES
"""Of a trace: states by pairs of elements, which an action or a property may be about."""


def read_trace(
    path: str | Path, machine: Machine | None = None, properties: Iterable[str] = ()
) -> tuple[Trace, Instance]:
    """A trace and the instance it is of. Raises Unusable where the file holds no trace of a design that we know.

    `machine` is the design where it is none of ours, and `properties` are the ids of its own.
    """
    try:
        trace = load_trace(read_pieces(path, LARGEST_TRACE))
        return trace, _instance(trace, machine, properties)
    except MemoryError as error:
        raise Unusable(f"{path}: there is not enough memory for this trace") from error
    except (TraceError, DesignError, OverflowError) as error:
        raise Unusable(f"{path}: {error}") from error


def _instance(trace: Trace, machine: Machine | None, properties: Iterable[str]) -> Instance:
    machine = load(trace.design) if machine is None else machine
    if machine.name != trace.design:
        raise TraceError(f"it is a trace of {trace.design}, and no run of {machine.name}")
    if unknown := sorted(set(trace.constants) - set(machine.rigids)):
        raise TraceError(f"{machine.name} has no option, hazard or parameter {unknown[0]!r:.80}")
    instance = Instance.of(machine, **trace.constants)
    _check_effort(instance, trace)
    known = ("", LOCKSTEP, POWER_CUT, TIME_DIVERGES, *CATALOGUE, *properties)
    if trace.about not in known and fact_called(trace.design, trace.about) is None:
        raise TraceError(f"it is about {trace.about!r:.80}, which is no property of the catalogue")
    if len(trace.states) != len(trace.events) + 1:
        raise TraceError("a trace has at least one state")
    for number, state in enumerate(trace.states):
        if odd := sorted(set(machine.variables) ^ set(state)):
            raise TraceError(
                f"state {number}: {odd[0]!r:.80} is {'not given' if odd[0] in machine.variables else 'unknown'}"
            )
        for name, variable in machine.variables.items():
            if not _fits(instance, variable, state[name]):
                raise TraceError(f"state {number}: {state[name]!r:.80} is no value of {name}")
    for number, event in enumerate(trace.events, start=1):
        _check_event(instance, number, event)
    return instance


def _check_effort(instance: Instance, trace: Trace) -> None:
    """Raise TraceError where it would take for ever to go through a trace."""
    sorts = instance.of_role("sort")
    for name, size in {**instance.of_role("count"), **sorts}.items():
        if int(size) > LARGEST:
            raise TraceError(f"{name} is {size}; nothing above {LARGEST:,} is replayed")
    widest = max(map(int, sorts.values()), default=1)
    if len(trace.states) * widest**2 > _MOST_LOOKS:
        raise TraceError(f"{len(trace.states):,} states of {widest:,} elements of a sort are more than is replayed")
    at: int | Fraction = 0
    for number, event in enumerate(trace.events, start=1):
        at += event.delay if event.action == TICK else 0
        if max(at.numerator, at.denominator) > LARGEST_NUMBER:  # sums of fractions grow without bound
            raise TraceError(f"step {number}: the time that has passed is a number of more than 100 digits")


def _fits(instance: Instance, variable: Variable, value: Any) -> bool:
    if not variable.over:
        return _is_of(variable.type, value)
    size = len(instance.domain(Type("index", sort=variable.over)))
    return isinstance(value, tuple) and len(value) == size and all(_is_of(variable.type, element) for element in value)


def _is_of(kind: Type, value: Any) -> bool:
    match kind.kind:
        case "bool":
            return isinstance(value, bool)
        case "enum":
            return value in kind.labels
        case "time":
            return isinstance(value, (int, Fraction)) and not isinstance(value, bool) and value >= 0
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _check_event(instance: Instance, number: int, event: Event) -> None:
    action = instance.machine.action(event.action)
    given: Mapping[str, int] = dict(event.arguments)
    wanted = {argument.name: instance.domain(argument.type) for argument in action.arguments}
    if set(given) != set(wanted):
        raise TraceError(f"step {number}: {event.action} takes ({', '.join(wanted)}), not ({', '.join(given)})")
    for name, value in given.items():
        if value not in wanted[name]:
            raise TraceError(f"step {number}: {name}={value} is not among the {len(wanted[name])} that there are")
