# SPDX-License-Identifier: Apache-2.0
"""Small designs at random, of everything that the language has: what all back ends must agree on.

A design is drawn as plain data (`Spec`), which Hypothesis shrinks and prints, and then declared like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen
from hypothesis import strategies as st

from edgeproof.model.expr import Expr, all_of, any_of, exists, for_all, implies, ite
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
    hazard,
    hazard_mode,
    index_sort,
    natural,
    option,
    read_design,
)

__all__ = ["Spec", "formula_in", "instance_of", "specs", "state_formula"]

Term = tuple[Any, ...]
"""An expression or a statement as nested tuples, its kind first."""

LABELS = ("red", "green", "blue")
SORTS = ("P", "Q")


@frozen
class Spec:
    """A design as data. Variables are (name, kind, sort or '', running condition or None)."""

    variables: tuple[tuple[str, str, str, Term | None], ...]
    actions: tuple[tuple[str, tuple[str, ...], Term, tuple[Term, ...]], ...]
    deadlines: tuple[Term, ...]
    formula: Term
    chosen: Mapping[str, int | str | bool]


@frozen
class _Scope:
    """What an expression may speak of: variables by (kind, sort), and names that stand for an element of a sort."""

    variables: tuple[tuple[str, str, str, Term | None], ...]
    indices: tuple[tuple[str, str], ...] = ()

    def having(self, kind: str) -> list[tuple[str, str]]:
        known = {sort for _, sort in self.indices}
        return [(name, over) for name, of, over, _ in self.variables if of == kind and (not over or over in known)]

    def with_index(self, sort: str) -> tuple[str, _Scope]:
        name = f"i{len(self.indices)}"
        return name, _Scope(self.variables, (*self.indices, (name, sort)))


Draw = Callable[[st.SearchStrategy[Any]], Any]


def _variable(draw: Draw, scope: _Scope, kind: str) -> Term | None:
    candidates = scope.having(kind)
    if not candidates:
        return None
    name, over = draw(st.sampled_from(candidates))
    index = draw(st.sampled_from([n for n, sort in scope.indices if sort == over])) if over else ""
    return ("var", name, index)


def _number(draw: Draw, scope: _Scope, depth: int) -> Term:
    kind = draw(st.sampled_from(["lit", "var", "var", "N"] + (["add", "sub", "ite"] if depth else [])))
    if kind == "var":
        return _variable(draw, scope, "nat") or ("lit", 1)
    if kind in ("add", "sub"):
        return (kind, _number(draw, scope, depth - 1), _number(draw, scope, depth - 1))
    if kind == "ite":
        parts = (_number(draw, scope, depth - 1), _number(draw, scope, depth - 1))
        return ("ite", _truth(draw, scope, depth - 1), *parts)
    return ("lit", draw(st.integers(0, 2))) if kind == "lit" else ("prm", "N")


def _truth(draw: Draw, scope: _Scope, depth: int) -> Term:
    leaves = ["bool", "nat", "enum", "clock", "index", "prm", "option"]
    kind = draw(
        st.sampled_from(leaves + (["and", "or", "not", "implies", "all", "some", "ite", "same"] if depth else []))
    )
    match kind:
        case "bool":
            return _variable(draw, scope, "bool") or ("lit", True)
        case "nat":
            sign = draw(st.sampled_from(["lt", "le", "eq", "ne"]))
            return (sign, _number(draw, scope, max(0, depth - 1)), _number(draw, scope, 0))
        case "enum":
            one = _variable(draw, scope, "enum")
            return ("eq", one, ("lit", draw(st.sampled_from(LABELS)))) if one else ("lit", False)
        case "clock":
            one = _variable(draw, scope, "clock")
            if one is None:
                return ("prm", "storm")
            side = draw(st.sampled_from([one, ("add", one, ("lit", 1)), ("sub", one, ("prm", "D"))]))
            sign = draw(st.sampled_from(["lt", "le", "eq", "gt"]))
            return (sign, side, draw(st.sampled_from([("prm", "D"), ("lit", 1), ("add", ("prm", "D"), ("prm", "N"))])))
        case "index":
            for sort in SORTS:
                names = [n for n, of in scope.indices if of == sort]
                if len(names) > 1:
                    return ("eq", ("idx", names[0]), ("idx", names[-1]))
            return ("lit", True)
        case "prm":
            return ("prm", "storm")
        case "option":
            return ("eq", ("prm", "mode"), ("lit", draw(st.sampled_from(["plain", "fancy"]))))
        case "not":
            return ("not", _truth(draw, scope, depth - 1))
        case "all" | "some":
            sort = draw(st.sampled_from(SORTS))
            name, inner = scope.with_index(sort)
            return (kind, sort, name, _truth(draw, inner, depth - 1))
        case "ite":
            return ("ite", *(_truth(draw, scope, depth - 1) for _ in range(3)))
    return (kind, _truth(draw, scope, depth - 1), _truth(draw, scope, depth - 1))


def _value(draw: Draw, scope: _Scope, kind: str) -> Term:
    match kind:
        case "bool":
            return _truth(draw, scope, 1)
        case "nat":
            return _number(draw, scope, 1)
        case "enum":
            one = _variable(draw, scope, "enum")
            literal = ("lit", draw(st.sampled_from(LABELS)))
            return ("ite", _truth(draw, scope, 1), one, literal) if one and draw(st.booleans()) else literal
    return ("lit", 0)


def _statement(draw: Draw, scope: _Scope, depth: int) -> Term:
    kind = draw(st.sampled_from(["set", "set", "set", "each"] + (["when", "require"] if depth else [])))
    if kind == "require":
        return ("require", _truth(draw, scope, 1))
    if kind == "when":
        blocks = [tuple(_statement(draw, scope, depth - 1) for _ in range(draw(st.integers(1, 2)))) for _ in range(2)]
        return ("when", _truth(draw, scope, 1), *blocks)
    known = {sort for _, sort in scope.indices}
    arrays = [v for v in scope.variables if v[2]]
    if kind == "each" and arrays:
        name, of, over, _ = draw(st.sampled_from(arrays))
        index, inner = scope.with_index(over)
        return ("each", name, index, _value(draw, inner, of))
    settable = [v for v in scope.variables if not v[2] or v[2] in known]
    if not settable:
        return ("require", ("lit", True))
    name, of, over, _ = draw(st.sampled_from(settable))
    index = draw(st.sampled_from([n for n, sort in scope.indices if sort == over])) if over else ""
    return ("set", name, index, _value(draw, scope, of))


@st.composite
def specs(draw: Draw, clocks: bool = True, arrays: bool = True) -> Spec:
    """A random design: 2 to 5 variables, 2 to 4 actions."""
    kinds = ["bool", "nat", "nat", "enum"] + (["clock"] if clocks else [])
    overs = ["", "", *SORTS] if arrays else [""]
    shapes = draw(st.lists(st.tuples(st.sampled_from(kinds), st.sampled_from(overs)), min_size=2, max_size=5))
    variables: tuple[tuple[str, str, str, Term | None], ...] = ()
    for number, (kind, over) in enumerate(shapes):
        variables = (*variables, (f"v{number}", kind, over, None))
    # What a clock runs while may ask anything but a clock.
    timeless = tuple(v for v in variables if v[1] != "clock")
    for number, (name, kind, over, _) in enumerate(variables):
        if kind == "clock" and draw(st.booleans()):
            inner = _Scope(timeless, (("i0", over),) if over else ())
            running = _truth(draw, inner, 1)
            variables = (*variables[:number], (name, kind, over, running), *variables[number + 1 :])
    actions = []
    for number in range(draw(st.integers(2, 4))):
        arguments = tuple(draw(st.lists(st.sampled_from(SORTS), max_size=2))) if arrays else ()
        scope = _Scope(variables, tuple((f"a{n}", sort) for n, sort in enumerate(arguments)))
        body = tuple(_statement(draw, scope, 1) for _ in range(draw(st.integers(1, 3))))
        kind = draw(st.sampled_from(["fair", "fair", "unfair", "hazard"]))
        actions.append((f"{kind}_{number}", arguments, _truth(draw, scope, 2), body))
    limits = []
    for name, kind, over, _ in variables:
        if kind == "clock" and draw(st.booleans()):
            bounded = ("le", ("var", name, "i0" if over else ""), ("prm", "D"))
            limits.append(("all", over, "i0", bounded) if over else bounded)
    formula = _truth(draw, _Scope(variables), 2)
    chosen: dict[str, int | str | bool] = {
        "N": draw(st.integers(1, 3)),
        "D": draw(st.integers(0, 2)),
        "P": draw(st.integers(1, 2)),
        "Q": draw(st.integers(1, 2)),
        "mode": draw(st.sampled_from(["plain", "fancy"])),
        "storm": draw(st.booleans()),
    }
    chosen |= {name: draw(st.booleans()) for name, *_ in actions if name.startswith("hazard")}
    return Spec(variables, tuple(actions), tuple(limits), formula, chosen)


def instance_of(spec: Spec) -> Instance:
    """The design declared and read, with the drawn constants."""
    number, wait = count(2), duration(1)
    sorts = {sort: index_sort(sort, 2) for sort in SORTS}
    body: dict[str, Any] = {
        **{"N": number, "D": wait, **sorts},
        "mode": option("plain", "fancy"),
        "storm": hazard_mode("weather"),
    }
    for name, kind, over, running in spec.variables:
        body[name] = _declared(kind, sorts.get(over), running, number)
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
    return _bool(_expr(s, spec.formula, {}))


def _declared(kind: str, over: Any, running: Term | None, number: Any) -> Any:
    match kind:
        case "bool":
            return boolean(over=over)
        case "nat":
            return natural(number, over=over)
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
                getattr(s, name)[bound[index]] = _expr(s, value, bound)
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
            return getattr(s, name)[bound[index]] if index else getattr(s, name)
        case "prm":
            return getattr(s, parts[0])
        case "idx":
            return bound[parts[0]]
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
