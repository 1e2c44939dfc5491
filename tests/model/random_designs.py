# SPDX-License-Identifier: Apache-2.0
"""Small designs at random, of everything that the language has: what all back ends must agree on.

A design is drawn as plain data (`Spec`), which Hypothesis shrinks and prints, or which a seed gives, and then declared
like any other.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from attrs import evolve, frozen
from hypothesis import strategies as st

from edgeproof.model.expr import Expr, all_of, any_of, exists, for_all, implies, ite
from edgeproof.model.interpret import evaluate, initial_states
from edgeproof.model.machine import (
    Design,
    Instance,
    State,
    action,
    boolean,
    clock,
    count,
    deadline,
    duration,
    each,
    enum,
    fill_in,
    hazard,
    hazard_mode,
    index_sort,
    natural,
    option,
    read_design,
)
from tests.model.drawing import LABELS, Spec, Term, draw_formula, draw_spec

__all__ = ["Spec", "formula_in", "instance_of", "spec_of", "specs", "state_formula", "truth_in"]

Some = TypeVar("Some")

_FORMULAS: Final = 12
"""How many formulas are drawn until one is of interest."""


@frozen
class _Drawn:
    """Dice that Hypothesis throws."""

    draw: Callable[[st.SearchStrategy[Any]], Any]

    def pick(self, among: Sequence[Some]) -> Some:
        chosen: Some = self.draw(st.sampled_from(among))
        return chosen

    def whole(self, least: int, most: int) -> int:
        return int(self.draw(st.integers(least, most)))

    def flag(self) -> bool:
        return bool(self.draw(st.booleans()))


@frozen
class _Thrown:
    """Dice that a seed throws."""

    dice: random.Random

    def pick(self, among: Sequence[Some]) -> Some:
        return self.dice.choice(among)

    def whole(self, least: int, most: int) -> int:
        return self.dice.randint(least, most)

    def flag(self) -> bool:
        return bool(self.dice.getrandbits(1))


@st.composite
def specs(draw: Callable[[st.SearchStrategy[Any]], Any], clocks: bool = True, arrays: bool = True) -> Spec:
    """A random design, of Hypothesis."""
    return draw_spec(_Drawn(draw), clocks=clocks, arrays=arrays)


def spec_of(seed: int) -> Spec:
    """The random design of a seed, of all that the language has.

    Its formula is mostly one that holds at first: what is broken before anything happens, or asks nothing, tries no
    engine.
    """
    dice = _Thrown(random.Random(seed))
    spec = draw_spec(dice, rich=True)
    for _ in range(_FORMULAS):
        if not _is_dull(spec):
            break
        spec = evolve(spec, formula=draw_formula(dice, spec))
    return spec


def _is_dull(spec: Spec) -> bool:
    instance = instance_of(spec)
    formula = fill_in(state_formula(instance, spec), instance.values)
    return formula.op == "lit" or not evaluate(instance, formula, next(initial_states(instance)))


def instance_of(spec: Spec) -> Instance:
    """The design declared and read, with the drawn constants."""
    number, wait = count(2), duration(1)
    first = index_sort("P", 2)
    sorts = {"P": first, "Q": index_sort("Q", 2, of=first if spec.belonging else None)}
    body: dict[str, Any] = {
        **{"N": number, "D": wait, **sorts},
        "mode": option("plain", "fancy"),
        "storm": hazard_mode("weather"),
    }
    for name, kind, over, running in spec.variables:
        body[name] = _declared(kind, sorts.get(over), running, number, name in spec.free)
    for name, arguments, guard, statements in spec.actions:
        declared: dict[str, Any] = {f"a{n}": sorts[sort] for n, sort in enumerate(arguments)}
        mark = hazard(**declared) if name.startswith("hazard") else action(fair=name.startswith("fair"), **declared)
        body[name] = mark(_method(guard, statements))
    for position, condition in enumerate(spec.deadlines):
        body[f"deadline_{position}"] = deadline(lambda s, condition=condition: _expr(s, condition, {}))
    return Instance.of(read_design(type("Random", (Design,), body)), **spec.chosen)


def state_formula(instance: Instance, spec: Spec) -> Expr:
    """The random formula over the states of the design."""
    return formula_in(instance.machine.state(), spec)


def formula_in(s: State, spec: Spec) -> Expr:
    """The random formula as a state, say that after a step, has it."""
    return truth_in(s, spec.formula)


def truth_in(s: State, term: Term) -> Expr:
    """What a term without free names says of a state."""
    return _bool(_expr(s, term, {}))


def _declared(kind: str, over: Any, running: Term | None, number: Any, free: bool) -> Any:
    match kind:
        case "bool":
            return boolean(None if free else False, over=over)
        case "nat":
            return natural(number, None if free else 0, over=over)
        case "enum":
            return enum(*LABELS, over=over)
    if running is None:
        return clock(over=over)
    if over is None:
        return clock(while_=lambda s: _bool(_expr(s, running, {})))
    return clock(over=over, while_=lambda s, element: _bool(_expr(s, running, {"i0": element})))


def _method(guard: Term, statements: tuple[Term, ...]) -> Callable[..., None]:
    def act(s: State, *arguments: Expr) -> None:
        bound = {f"a{n}": argument for n, argument in enumerate(arguments)}
        s.require(_bool(_expr(s, guard, bound)))
        _run(s, statements, bound)

    return act


def _run(s: State, statements: tuple[Term, ...], bound: Mapping[str, Expr]) -> None:
    for statement in statements:
        match statement:
            case ("set", name, "", value):
                setattr(s, name, _expr(s, value, bound))
            case ("set", name, index, value):
                getattr(s, name)[_element(s, bound, index)] = _expr(s, value, bound)
            case ("each", name, index, value):
                each(getattr(s, name), _of_element(s, value, bound, index))
            case ("require", condition):
                s.require(_bool(_expr(s, condition, bound)))
            case ("when", condition, then, otherwise):
                with s.when(_bool(_expr(s, condition, bound))):
                    _run(s, then, bound)
                with s.otherwise():
                    _run(s, otherwise, bound)


def _of_element(s: State, value: Term, bound: Mapping[str, Expr], index: str) -> Callable[[Expr], Any]:
    return lambda element: _expr(s, value, {**bound, index: element})


def _element(s: State, bound: Mapping[str, Expr], name: str) -> Expr:
    """The element that a name stands for: one that is bound, or the one that this belongs to."""
    return s.home(bound[name.removeprefix("home ")]) if name.startswith("home ") else bound[name]


def _bool(value: Any) -> Expr:
    return all_of([value]) if isinstance(value, Expr) else any_of([]) if not value else all_of([])


def _expr(s: State, term: Term, bound: Mapping[str, Expr]) -> Any:
    """The expression that a term says, over the state as it is now; plain values stay plain."""
    kind, *parts = term
    match kind:
        case "lit":
            return parts[0]
        case "var":
            name, index = parts
            return getattr(s, name)[_element(s, bound, index)] if index else getattr(s, name)
        case "prm":
            return getattr(s, parts[0])
        case "idx":
            return _element(s, bound, parts[0])
        case "all" | "some":
            sort, name, body = parts
            quantifier = for_all if kind == "all" else exists
            return quantifier(getattr(s, sort), lambda e: _bool(_expr(s, body, {**bound, name: e})))
    values = [_expr(s, part, bound) for part in parts]
    match kind:
        case "add":
            return values[0] + values[1]
        case "sub":
            return values[0] - values[1]
        case "lt":
            return values[0] < values[1]
        case "le":
            return values[0] <= values[1]
        case "gt":
            return values[0] > values[1]
        case "eq":
            return values[0] == values[1]
        case "ne":
            return values[0] != values[1]
        case "not":
            return ~_bool(values[0])
        case "same":
            return _bool(values[0]) == _bool(values[1])
        case "and":
            return _bool(values[0]) & _bool(values[1])
        case "or":
            return _bool(values[0]) | _bool(values[1])
        case "implies":
            return implies(_bool(values[0]), _bool(values[1]))
    condition, then, otherwise = values
    if isinstance(then, bool) or (isinstance(then, Expr) and then.type.kind == "bool"):
        return ite(_bool(condition), _bool(then), _bool(otherwise))
    if not isinstance(then, Expr) and not isinstance(otherwise, Expr) and isinstance(then, str):
        return then
    return ite(_bool(condition), then, otherwise)
