# SPDX-License-Identifier: Apache-2.0
"""What the interpreter says, asked of the other back ends: of a kernel, and of Z3."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import z3

from edgeproof.model.expr import Expr
from edgeproof.model.interpret import Event, NotEnabledError, OutOfRangeError, State, apply, evaluate
from edgeproof.model.kernel import Kernel
from edgeproof.model.machine import Instance
from edgeproof.properties.engines.prove.unroll import Unrolling, unrolling

__all__ = ["Z3Step", "agrees_with_kernel", "every_event", "expand", "outcomes", "random_walk"]

Outcome = dict[str, Any] | None
"""The state that an event leads to; None where it is not possible."""


def every_event(instance: Instance) -> Iterator[Event]:
    """Every action with every choice of arguments, possible or not."""
    for action in instance.machine.actions:
        for values in product(*(instance.domain(argument.type) for argument in action.arguments)):
            names = (argument.name for argument in action.arguments)
            yield Event(action.name, tuple(zip(names, map(int, values), strict=True)))


def outcomes(instance: Instance, state: State) -> tuple[dict[Event, Outcome], set[str]]:
    """What the interpreter makes of every event, and which variables leave their range by some."""
    found: dict[Event, Outcome] = {}
    left: set[str] = set()
    for event in every_event(instance):
        try:
            found[event] = apply(instance, state, event)
        except NotEnabledError:
            found[event] = None
        except OutOfRangeError as error:
            left.add(str(error).split()[0])
    return found, left


def expand(kernel: Kernel, state: State) -> list[tuple[Event, list[int]]] | str:
    """A kernel's successors as words, or the variable that leaves its range."""
    most, words = kernel.most_successors, kernel.source.words
    packed = np.array(kernel.pack(state), dtype=np.int64)
    out, labels, flags = (np.zeros(max(1, most * size), dtype=np.int64) for size in (words, 1, 1))
    count = kernel.expand(packed, 0, kernel.parameters, out, labels, flags)
    if count < 0:
        return kernel.source.fields[-1 - count].name
    return [(kernel.events[int(labels[n])], [int(w) for w in out[n * words : (n + 1) * words]]) for n in range(count)]


def agrees_with_kernel(kernel: Kernel, instance: Instance, formula: Expr, state: dict[str, Any]) -> None:
    """Hold a kernel against the interpreter in one state: the successors, and whether the formula is broken."""
    found, left = outcomes(instance, state)
    made = expand(kernel, state)
    if left:
        # Where one event takes two variables out of their ranges, either may be the one that is named.
        assert isinstance(made, str), "a variable that leaves its range is named, whatever else can happen"
        assert made in left or len(left) < sum(one.limit != "" for one in instance.machine.variables.values())
    else:
        expected = [(event, kernel.pack(after)) for event, after in found.items() if after is not None]
        assert made == expected
    packed = np.array(kernel.pack(state), dtype=np.int64)
    broken = bool(kernel.check(packed, 0, kernel.parameters) & 2)
    assert broken != truth(instance, formula, state)


class Z3Step:
    """One step of an instance as a formula, over its own number of elements, in whole ticks."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._run: Unrolling = unrolling(instance, 1, whole_time=True)
        self._choice = {
            Event(c.action.name, tuple((a.name, c.arguments[a.name]) for a in c.action.arguments)): n
            for n, c in enumerate(self._run.choices)
        }
        self._solver = z3.Solver()
        self._solver.add(self._run.steps[0])

    def agrees(self, state: State, event: Event, successor: Outcome) -> bool:
        """Whether the formula allows `successor` after `event` in `state`, and nothing else."""
        if event not in self._choice:
            return successor is None
        self._solver.push()
        self._solver.add(*self._equals(0, state), z3.Int("which@0") == self._choice[event])
        possible = self._solver.check() == z3.sat
        if successor is not None and possible:
            self._solver.push()
            self._solver.add(*self._equals(1, successor))
            possible = self._solver.check() == z3.sat
            self._solver.pop()
            self._solver.add(z3.Not(z3.And(self._equals(1, successor))))
            possible = possible and self._solver.check() == z3.unsat
        self._solver.pop()
        return possible == (successor is not None)

    def holds(self, state: State, formula: Expr) -> bool:
        """Whether a formula over states is true of `state`."""
        solver = z3.Solver()
        solver.add(*self._equals(0, state))
        frame = self._run.frames[0]
        positive, negative = (self._run.encoder.truth(formula, frame, {}, holds=so) for so in (True, False))
        solver.push()
        solver.add(positive)
        true = solver.check() == z3.sat
        solver.pop()
        solver.add(negative)
        assert (solver.check() == z3.sat) != true, "a formula is either true or false"
        return true

    def _equals(self, number: int, state: State) -> list[Any]:
        frame, facts = self._run.frames[number], []
        for name, variable in self._instance.machine.variables.items():
            whole: Any = state[name]
            for element, value in enumerate(whole) if variable.over else [(None, whole)]:
                term = frame[name] if element is None else frame[name](element)
                facts.append(term == self._run.encoder.literal(variable.type, value))
        return facts


def random_walk(instance: Instance, first: State, picks: list[int]) -> Iterator[State]:
    """The states of a run that takes, at every step, one of the events that can happen."""
    state = first
    yield state
    for pick in picks:
        found, _ = outcomes(instance, state)
        possible = [successor for successor in found.values() if successor is not None]
        if not possible:
            return
        state = possible[pick % len(possible)]
        yield state


def truth(instance: Instance, formula: Expr, state: State) -> bool:
    """What the interpreter says of a formula."""
    return bool(evaluate(instance, formula, state))
