# SPDX-License-Identifier: Apache-2.0
"""Replaying a trace: in the interpreter, or step by step on a system under test.

A trace names its design; one of a design of one's own is replayed by giving the class or the machine as well, and one
about a property of one's own by giving that.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final

from attrs import evolve, frozen

from edgeproof.impl.system import MAY, ActionUnknown, Observation, System
from edgeproof.model import trace as traces
from edgeproof.model.designs import DESIGNS, load
from edgeproof.model.interpret import Event, State, apply, evaluate, successors
from edgeproof.model.kernel import StateForm, build_kernel
from edgeproof.model.machine import TICK, Design, DesignError, Instance, Machine
from edgeproof.model.trace import Trace, TraceError
from edgeproof.properties.catalogue import CATALOGUE, Property, applicable, state_form, step_form
from edgeproof.properties.catalogue.property import applies_to
from edgeproof.properties.engines.fuzz.content import content_of
from edgeproof.properties.engines.fuzz.names import check_name
from edgeproof.properties.engines.fuzz.run import LOCKSTEP, setup_of
from edgeproof.properties.engines.fuzz.sight import not_judged
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.lasso import flaw
from edgeproof.properties.possible import fact_called
from edgeproof.properties.timelock import TIME_DIVERGES, stops_time

__all__ = ["Replay", "replay", "replay_on", "replay_on_model", "truth_table"]

LONGEST_WAIT: Final = 1_000_000
"""Ticks that a system is told of one by one, in one step of a trace."""


@frozen
class Replay:
    """What came of replaying a trace.

    `steps` says what was done; `mismatch` what went otherwise than recorded, empty if nothing did. `confirmed` says
    whether the trace shows that the property that it is about is broken, None if it is about none, or where the system
    does not let it be seen; `undecided` says then what it does not show or cannot do. `flaw` says why a run that
    happens is no witness of what it claims.
    """

    completed: bool
    steps: tuple[str, ...]
    mismatch: str
    confirmed: bool | None
    undecided: str = ""
    flaw: str = ""


def replay(
    trace: Trace,
    /,
    *,
    on: Callable[[], System] | None = None,
    design: type[Design] | Machine | None = None,
    properties: Iterable[Property] = (),
) -> Replay:
    """Whether a trace happens and shows what it is about: on the model, or on the system that `on` makes.

    `on` is a class or a function without arguments; what it makes is closed at the end. `design` is needed for a trace
    of a design of one's own, and `properties` where it is about one of one's own. A trace that is no run of its design
    is a mismatch.

    Raises DesignError for a design that is not known, and what `on` and the system's `start` raise.
    """
    if on is None:
        try:
            return replay_on_model(trace, design, properties)
        except TraceError as error:
            return Replay(False, (), str(error), None)
    system = on()
    try:
        return replay_on(trace, system, design, properties)
    finally:
        system.close()


def truth_table(
    trace: Trace,
    design: type[Design] | Machine | None = None,
    properties: Iterable[Property] = (),
    *,
    only: Collection[str] | None = None,
) -> tuple[Mapping[str, bool | None], ...]:
    """For every state the truth of every property that applies: of the state, or of the step that led to it.

    None where a property says nothing about that step. For a property that settles it is whether it holds just now.
    `design` and `properties` are as in `replay`; with `only` no others are asked than those with these ids.
    """
    instance = _instance(trace, design)
    every = [*(CATALOGUE[name] for name in applicable(instance)), *properties]
    asked = [one for one in every if only is None or one.id in only]
    truth = {one.id: _truth(instance, one, trace.states, trace.events) for one in asked}
    return tuple({name: of(number) for name, of in truth.items()} for number in range(len(trace.states)))


def replay_on_model(
    trace: Trace, design: type[Design] | Machine | None = None, properties: Iterable[Property] = ()
) -> Replay:
    """Run a trace through the interpreter. Raises TraceError where it is no run of the design."""
    instance = _instance(trace, design)
    states = traces.replay(instance.machine, trace)
    steps = tuple(str(event) for event in trace.events)
    return evolve(_judged(instance, trace, _about(instance, trace, properties), tuple(states)), steps=steps)


def replay_on(
    trace: Trace, system: System, design: type[Design] | Machine | None = None, properties: Iterable[Property] = ()
) -> Replay:
    """Perform a trace on a system, comparing all it shows with what is recorded, step by step.

    A loop is driven round twice: what goes on for ever has to go on after its end.
    """
    instance = _instance(trace, design)
    about = _about(instance, trace, properties)
    states, events = _unrolled(instance, trace)
    done: list[str] = []
    seen: list[State] = []
    shown = set(instance.machine.variables)
    system.start(setup_of(instance))
    content = content_of(system, instance, trace.states[0])
    before: Observation = {}
    for number, recorded in enumerate(states):
        event = events[number - 1] if number else None
        what = str(event) if event else "the start"
        try:
            if event is not None:
                _perform(system, event)
            observed = system.observe()
            contents = {} if content is None else content.look()
        except ActionUnknown as error:
            text = f"{what}: the system cannot perform it: {error}"
            return Replay(False, tuple(done), text, None, f"the system cannot perform {event}")
        except Exception as error:
            text = f"{what}: {type(error).__name__}: {error}"
            return Replay(False, tuple(done), text, True if trace.about == LOCKSTEP else None)
        if event is not None:
            done.append(what)
        shown &= observed.keys()
        for name in observed.keys() - recorded.keys():
            check_name(name, instance.machine)
        wrong = [name for name, value in observed.items() if name in recorded and recorded[name] != value]
        if wrong:
            name = wrong[0]
            text = f"after {what}: {name} is {observed[name]!r}, recorded as {recorded[name]!r}"
            return Replay(False, tuple(done), text, True if trace.about == LOCKSTEP else None)
        if wrong_about := _possible_otherwise(instance, recorded, observed):
            text = f"after {what}: {wrong_about}"
            return Replay(False, tuple(done), text, True if trace.about == LOCKSTEP else None)
        if content is not None:
            if event is not None:
                content.follow(event, before, observed)
            if different := content.differs(observed, contents):
                text = f"after {what}: content of {different}"
                return Replay(False, tuple(done), text, True if trace.about == LOCKSTEP else None)
        before = observed
        seen.append({**recorded, **{name: value for name, value in observed.items() if name in recorded}})
    if about is not None and (hidden := not_judged(instance, about, shown)):
        return Replay(True, tuple(done), "", None, hidden)
    return evolve(_judged(instance, trace, about, tuple(seen[: len(trace.states)])), steps=tuple(done))


def _possible_otherwise(instance: Instance, state: State, observed: Observation) -> str:
    """What the system says can happen and the model does not, or the other way round; "" where they agree."""
    for name, may in observed.items():
        if name.startswith(MAY):
            action = name.removeprefix(MAY)
            if may != any(True for _ in successors(instance, state, (action,))):
                return f"{action} {'can' if may else 'cannot'} happen, which is otherwise in what is recorded"
    return ""


def _instance(trace: Trace, design: type[Design] | Machine | None) -> Instance:
    if design is None and trace.design not in DESIGNS:
        raise DesignError(f"a trace of {trace.design}, which is no design of ours: give its class as `design`")
    machine = design if isinstance(design, Machine) else load(design or trace.design)
    if machine.name != trace.design:
        raise DesignError(f"a trace of {trace.design} is no run of {machine.name}")
    return Instance.of(machine, **trace.constants)


def _about(instance: Instance, trace: Trace, properties: Iterable[Property]) -> Property | None:
    """The property that the trace is a witness of, if the instance can be asked about it; or that a fact never is."""
    known = {**CATALOGUE, **{one.id: one for one in properties}}
    one = known.get(trace.about) or fact_called(trace.design, trace.about)
    return one if one is not None and applies_to(instance, one) else None


def _unrolled(instance: Instance, trace: Trace) -> tuple[tuple[State, ...], tuple[Event, ...]]:
    """The states and events to be driven: those of the trace, and once more those of its loop, if it can go round."""
    again = () if trace.loop is None else trace.events[trace.loop :]
    states = list(trace.states)
    try:
        for event in again:
            states.append(apply(instance, states[-1], event))
    except ValueError:
        return trace.states, trace.events
    return tuple(states), (*trace.events, *again)


def _perform(system: System, event: Event) -> None:
    if event.action != TICK:
        system.perform(event.action, dict(event.arguments))
        return
    if event.delay != int(event.delay) or event.delay > LONGEST_WAIT:
        raise TraceError(f"{event}: a system's time passes in whole ticks, {LONGEST_WAIT:,} in one step at most")
    for _ in range(int(event.delay)):
        system.perform(TICK, {})


def _judged(instance: Instance, trace: Trace, about: Property | None, states: tuple[State, ...]) -> Replay:
    """A run that happened to its end, with what it shows of the property that the trace is about."""
    if trace.about == TIME_DIVERGES:
        stopped = stops_time(instance, states[-1])
        return Replay(True, (), "", stopped, flaw="" if stopped else "time can go on after its end")
    if about is None:
        return Replay(True, (), "", None)
    if about.settles is None:
        broken = _truth(instance, about, states, trace.events)(len(states) - 1) is False
        return Replay(True, (), "", broken)
    kernel = build_kernel(kernel_source([instance], [about]), instance)
    found = flaw(instance, trace, states, state_form(instance.machine, about), kernel.pack)
    return Replay(True, (), "", not found, flaw=found)


def _truth(
    instance: Instance, one: Property, states: tuple[State, ...], events: tuple[Event, ...]
) -> Callable[[int], bool | None]:
    """What says of a property whether it holds in the state of a number, or of the step that led there."""
    if one.step is None:
        form: StateForm = state_form(instance.machine, one)
        return lambda number: bool(evaluate(instance, form.holds, states[number]))
    pairs = step_form(instance.machine, one).per_action

    def of_step(number: int) -> bool | None:
        event = events[number - 1] if number else None
        if event is None or event.action not in pairs:
            return None
        holds, _ = pairs[event.action]
        return bool(evaluate(instance, holds, states[number - 1], dict(event.arguments)))

    return of_step
