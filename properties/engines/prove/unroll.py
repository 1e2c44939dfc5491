# SPDX-License-Identifier: Apache-2.0
"""Bounded search and k-induction: a run of a fixed length as one formula, over a fixed number of elements.

Time is real here, so that bounded search finds runs whose delays are no whole ticks. A counterexample to induction is
asked for in whole ticks and within the declared ranges, so that an exhaustive search can say whether it is reachable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import z3
from attrs import field, frozen

from edgeproof.model.expr import Expr, Type
from edgeproof.model.interpret import Event, State, Value
from edgeproof.model.kernel import StateForm, StepForm
from edgeproof.model.machine import TICK, Action, Instance, after
from edgeproof.model.smt import DELAY, Encoder, Frame, fix_choices, possible_actions
from edgeproof.model.terms import BINARY, all_hold, negation, some_hold
from edgeproof.properties.engines.prove.solver import answer, assume, new_solver

__all__ = ["Counterexample", "Unrolling", "unrolling"]

Form = StateForm | StepForm


@frozen
class Counterexample:
    """A run that ends in a violation, by its first state and its events."""

    first: State
    events: tuple[Event, ...]


@frozen
class _Choice:
    """One event that a step may be: an action with arguments."""

    action: Action
    arguments: Mapping[str, int]


@frozen(eq=False)
class Unrolling:
    """The steps of an instance as formulas; `unrolling` makes one, and its questions may be asked many times."""

    encoder: Encoder
    choices: tuple[_Choice, ...]
    frames: tuple[Frame, ...]
    steps: tuple[Any, ...]
    solvers: dict[tuple[int, int], Any] = field(factory=dict)
    filled: dict[Expr, Expr] = field(factory=dict)

    def search(self, form: Form, depth: int, work: int) -> Counterexample | None:
        """A run from an initial state of at most `depth` steps, a shortest one, that violates `form`.

        Raises TimeoutError where the solver gives up.
        """
        for length in range(depth + 1):
            wrong = self._violation(form, length)
            if wrong is None:
                continue
            solver = self._runs(length, work)
            solver.push()
            assume(solver, [wrong])
            said = answer(solver)
            model = solver.model() if said == z3.sat else None
            why = solver.reason_unknown() if said == z3.unknown else ""
            solver.pop()
            if why:
                raise TimeoutError(f"at depth {length}: {why}")
            if model is not None:
                return self._decode(model, length)
        return None

    def _runs(self, length: int, work: int) -> Any:
        """A solver that knows the runs of so many steps, which all questions about them share."""
        if (length, work) not in self.solvers:
            solver = self.solvers[length, work] = new_solver(work)
            frame = self.frames[0]
            assume(solver, [*self.encoder.initially(frame), *self.encoder.well_typed(frame), *self.ranges()])
            assume(solver, self.steps[:length])
        return self.solvers[length, work]

    def induct(
        self, form: Form, lemmas: Mapping[str, Expr], k: int, ranges: Sequence[Any], work: int
    ) -> Counterexample | None:
        """A run of k steps through states that satisfy `lemmas` and `form`, whose last step violates `form`.

        None means: `form` holds in every run whose first k steps satisfy it. The run need not be reachable.
        """
        solver = new_solver(work)
        for position in range(k):
            frame = self.frames[position]
            assume(solver, [self.steps[position], *self.encoder.well_typed(frame)])
            assume(solver, [self.encoder.truth(node, frame, {}) for node in lemmas.values()])
            earlier = self._violation(form, position)
            if earlier is not None:
                assume(solver, [negation(earlier)])
        assume(solver, [self._violation(form, k), *ranges])
        said = answer(solver)
        if said == z3.unknown:
            raise TimeoutError(f"{k}-induction: {solver.reason_unknown()}")
        return self._decode(solver.model(), k) if said == z3.sat else None

    def ranges(self) -> list[Any]:
        """The first state is within the declared ranges of naturals; clocks have none."""
        instance, frame = self.encoder.instance, self.frames[0]
        return [
            term <= instance.number(variable.limit)
            for name, variable in instance.machine.variables.items()
            if variable.limit
            for term in _terms(self.encoder, frame, name)
        ]

    def _violation(self, form: Form, position: int) -> Any:
        """The formula for `form` being violated by reaching frame number `position`; None where it cannot be."""
        if isinstance(form, StateForm):
            return self.encoder.truth(self._filled(form.holds), self.frames[position], {}, holds=False)
        if position == 0:
            return None
        frame, wrong = self.frames[position - 1], []
        for number, choice in enumerate(self.choices):
            if choice.action.name in form.per_action:
                holds = self._filled(form.per_action[choice.action.name][0])
                bound = {**choice.arguments, DELAY.name: _delay(self.encoder, position - 1)}
                broken = self.encoder.truth(holds, frame, bound, holds=False)
                wrong.append(all_hold((_is_choice(position - 1, number), broken)))
        return some_hold(wrong)

    def _filled(self, node: Expr) -> Expr:
        """What a form says under the instance's options and hazards."""
        if node not in self.filled:
            self.filled[node] = fix_choices(self.encoder.instance, node)
        return self.filled[node]

    def _decode(self, model: Any, length: int) -> Counterexample:
        machine = self.encoder.instance.machine
        first: dict[str, Value] = {}
        for name, variable in machine.variables.items():
            terms = _terms(self.encoder, self.frames[0], name)
            values = [self.encoder.decode(variable.type, model.eval(t, model_completion=True)) for t in terms]
            first[name] = tuple(values) if variable.over else values[0]
        events = []
        for position in range(length):
            choice = self.choices[model.eval(_which(position), model_completion=True).as_long()]
            delay = self.encoder.decode(DELAY.type, model.eval(_delay(self.encoder, position), model_completion=True))
            assert not isinstance(delay, str)
            ordered = tuple((a.name, choice.arguments[a.name]) for a in _indices(choice.action))
            events.append(Event(choice.action.name, ordered, delay if choice.action.name == TICK else 1))
        return Counterexample(first, tuple(events))


def unrolling(instance: Instance, depth: int, *, whole_time: bool = False) -> Unrolling:
    """The formulas of runs of up to `depth` steps; with `whole_time` in whole ticks, one at a time."""
    numbers = {**instance.of_role("count"), **instance.of_role("duration")}
    sizes = {name: int(size) for name, size in instance.of_role("sort").items()}
    encoder = Encoder(instance, {n: int(v) for n, v in numbers.items()}, sizes, whole_time)
    choices = tuple(_choices(instance, sizes, whole_time))
    frames = tuple(encoder.frame(str(position)) for position in range(depth + 1))
    if not depth:
        return Unrolling(encoder, choices, frames, ())
    first = _step(encoder, choices, frames[0], frames[1], 0, whole_time)
    steps = [first]
    for position in range(1, depth):
        renamed = [
            (old, new)
            for at in (0, 1)
            for name in instance.machine.variables
            for old, new in zip(
                _terms(encoder, frames[at], name), _terms(encoder, frames[at + position], name), strict=True
            )
        ]
        renamed += [(_which(0), _which(position)), (_delay(encoder, 0), _delay(encoder, position))]
        steps.append(z3.substitute(first, *renamed))
    return Unrolling(encoder, choices, frames, tuple(steps))


def _choices(instance: Instance, sizes: Mapping[str, int], whole_time: bool) -> Iterator[_Choice]:
    for action in possible_actions(instance, whole_time=whole_time):
        arguments = _indices(action)
        spans = [range(sizes[instance.machine.sort_size_name(a.type.sort)]) for a in arguments]
        for values in product(*spans):
            yield _Choice(action, {a.name: v for a, v in zip(arguments, values, strict=True)})


def _step(
    encoder: Encoder, choices: Sequence[_Choice], before: Frame, later: Frame, position: int, whole_time: bool
) -> Any:
    instance = encoder.instance
    delay = _delay(encoder, position)
    changes = {choice.action.name: _changes(instance, choice.action) for choice in choices}
    reached = {name: _terms(encoder, later, name) for name in instance.machine.variables}
    cases = []
    for number, choice in enumerate(choices):
        bound = {**choice.arguments, DELAY.name: delay}
        parts = [_is_choice(position, number), encoder.truth(choice.action.guard, before, bound)]
        for name, new_ones in reached.items():
            for place, new in enumerate(new_ones):
                left = _left_behind(encoder, choice.action, name, changes[choice.action.name], place, before, bound)
                parts.append(BINARY["eq"](new, left))
        cases.append(all_hold(parts))
    return all_hold((some_hold(cases), delay == 1 if whole_time else delay > 0))


def _changes(instance: Instance, action: Action) -> dict[str, Expr]:
    """What an action leaves in the variables that it changes; in an array at the argument `element`."""
    changes = {}
    for name in action.post:
        variable = instance.machine.variables[name]
        element = Expr("arg", Type("index", sort=variable.over), (), "element")
        changes[name] = after(Expr("var", variable.type, (element,) if variable.over else (), name), action.post)
    return changes


def _left_behind(
    encoder: Encoder,
    action: Action,
    name: str,
    changes: Mapping[str, Expr],
    place: int,
    before: Frame,
    bound: Mapping[str, Any],
) -> Any:
    if name in action.post:
        return encoder.term(changes[name], before, {**bound, "element": place})
    return before[name](place) if encoder.instance.machine.variables[name].over else before[name]


def _terms(encoder: Encoder, frame: Frame, name: str) -> list[Any]:
    variable = encoder.instance.machine.variables[name]
    return [frame[name](e) for e in encoder.elements[variable.over]] if variable.over else [frame[name]]


def _indices(action: Action) -> list[Expr]:
    return [a for a in action.arguments if a.type.kind == "index"]


def _which(position: int) -> Any:
    return z3.Int(f"which@{position}")


def _is_choice(position: int, number: int) -> Any:
    return BINARY["eq"](_which(position), z3.IntVal(number))


def _delay(encoder: Encoder, position: int) -> Any:
    return z3.Int(f"delay@{position}") if encoder.whole_time else z3.Real(f"delay@{position}")
