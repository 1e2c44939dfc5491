# SPDX-License-Identifier: Apache-2.0
"""How a small design is drawn: as plain data, from dice that Hypothesis or a seed throws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from attrs import evolve, frozen

__all__ = ["LABELS", "SORTS", "Dice", "Spec", "Term", "draw_formula", "draw_spec"]

Some = TypeVar("Some")

Term = tuple[Any, ...]
"""An expression or a statement as nested tuples, its kind first."""

LABELS = ("red", "green", "blue")
SORTS = ("P", "Q")


class Dice(Protocol):
    """Where choices come from."""

    def pick(self, among: Sequence[Some]) -> Some:
        """One of some things."""

    def whole(self, least: int, most: int) -> int:
        """A whole number."""

    def flag(self) -> bool:
        """Yes or no."""


@frozen
class Spec:
    """A design as data. Variables are (name, kind, sort or '', running condition or None).

    Where `belonging`, the elements of Q belong to those of P. The variables in `free` may begin with any value. The
    `lemmas` are what a proof is told to try.
    """

    variables: tuple[tuple[str, str, str, Term | None], ...]
    actions: tuple[tuple[str, tuple[str, ...], Term, tuple[Term, ...]], ...]
    deadlines: tuple[Term, ...]
    formula: Term
    chosen: Mapping[str, int | str | bool]
    belonging: bool = False
    free: tuple[str, ...] = ()
    lemmas: tuple[Term, ...] = ()


@frozen
class _Scope:
    """What an expression may speak of: variables by (kind, sort), and names that stand for an element of a sort.

    With `copies` a clock may be set to what another clock shows.
    """

    variables: tuple[tuple[str, str, str, Term | None], ...]
    belonging: bool = False
    copies: bool = False
    indices: tuple[tuple[str, str], ...] = ()

    def having(self, kind: str) -> list[tuple[str, str]]:
        known = {sort for _, sort in self.indices}
        return [(name, over) for name, of, over, _ in self.variables if of == kind and (not over or over in known)]

    def with_index(self, sort: str) -> tuple[str, _Scope]:
        name = f"i{len(self.indices)}"
        return name, self.knowing((name, sort))

    def knowing(self, *indices: tuple[str, str]) -> _Scope:
        """The same with more elements, and with what they belong to."""
        known = self.indices
        for name, sort in indices:
            known = (*known, (name, sort), *([(f"home {name}", "P")] if self.belonging and sort == "Q" else []))
        return evolve(self, indices=known)


def _variable(dice: Dice, scope: _Scope, kind: str) -> Term | None:
    candidates = scope.having(kind)
    if not candidates:
        return None
    name, over = dice.pick(candidates)
    index = dice.pick([n for n, sort in scope.indices if sort == over]) if over else ""
    return ("var", name, index)


def _number(dice: Dice, scope: _Scope, depth: int) -> Term:
    kind = dice.pick(["lit", "var", "var", "N"] + (["add", "sub", "ite"] if depth else []))
    if kind == "var":
        return _variable(dice, scope, "nat") or ("lit", 1)
    if kind in ("add", "sub"):
        return (kind, _number(dice, scope, depth - 1), _number(dice, scope, depth - 1))
    if kind == "ite":
        parts = (_number(dice, scope, depth - 1), _number(dice, scope, depth - 1))
        return ("ite", _truth(dice, scope, depth - 1), *parts)
    return ("lit", dice.whole(0, 2)) if kind == "lit" else ("prm", "N")


def _truth(dice: Dice, scope: _Scope, depth: int) -> Term:
    leaves = ["bool", "nat", "enum", "clock", "index", "prm", "option"]
    kind = dice.pick(leaves + (["and", "or", "not", "implies", "all", "some", "ite", "same"] if depth else []))
    match kind:
        case "bool":
            return _variable(dice, scope, "bool") or ("lit", True)
        case "nat":
            sign = dice.pick(["lt", "le", "eq", "ne"])
            return (sign, _number(dice, scope, max(0, depth - 1)), _number(dice, scope, 0))
        case "enum":
            one = _variable(dice, scope, "enum")
            return ("eq", one, ("lit", dice.pick(LABELS))) if one else ("lit", False)
        case "clock":
            one = _variable(dice, scope, "clock")
            if one is None:
                return ("prm", "storm")
            side = dice.pick([one, ("add", one, ("lit", 1)), ("sub", one, ("prm", "D"))])
            sign = dice.pick(["lt", "le", "eq", "gt"])
            return (sign, side, dice.pick([("prm", "D"), ("lit", 1), ("add", ("prm", "D"), ("prm", "N"))]))
        case "index":
            for sort in SORTS:
                names = [n for n, of in scope.indices if of == sort]
                if len(names) > 1:
                    return ("eq", ("idx", names[0]), ("idx", names[-1]))
            return ("lit", True)
        case "prm":
            return ("prm", "storm")
        case "option":
            return ("eq", ("prm", "mode"), ("lit", dice.pick(["plain", "fancy"])))
        case "not":
            return ("not", _truth(dice, scope, depth - 1))
        case "all" | "some":
            sort = dice.pick(SORTS)
            name, inner = scope.with_index(sort)
            return (kind, sort, name, _truth(dice, inner, depth - 1))
        case "ite":
            return ("ite", *(_truth(dice, scope, depth - 1) for _ in range(3)))
    return (kind, _truth(dice, scope, depth - 1), _truth(dice, scope, depth - 1))


def _value(dice: Dice, scope: _Scope, kind: str) -> Term:
    match kind:
        case "bool":
            return _truth(dice, scope, 1)
        case "nat":
            return _number(dice, scope, 1)
        case "enum":
            one = _variable(dice, scope, "enum")
            literal = ("lit", dice.pick(LABELS))
            return ("ite", _truth(dice, scope, 1), one, literal) if one and dice.flag() else literal
    other = _variable(dice, scope, "clock") if scope.copies else None
    if other is None or dice.flag():
        return ("lit", 0)
    return ("ite", _truth(dice, scope, 1), other, ("lit", 0)) if dice.flag() else other


def _statement(dice: Dice, scope: _Scope, depth: int) -> Term:
    kind = dice.pick(["set", "set", "set", "each"] + (["when", "require"] if depth else []))
    if kind == "require":
        return ("require", _truth(dice, scope, 1))
    if kind == "when":
        blocks = [tuple(_statement(dice, scope, depth - 1) for _ in range(dice.whole(1, 2))) for _ in range(2)]
        return ("when", _truth(dice, scope, 1), *blocks)
    known = {sort for _, sort in scope.indices}
    arrays = [v for v in scope.variables if v[2]]
    if kind == "each" and arrays:
        name, of, over, _ = dice.pick(arrays)
        index, inner = scope.with_index(over)
        return ("each", name, index, _value(dice, inner, of))
    settable = [v for v in scope.variables if not v[2] or v[2] in known]
    if not settable:
        return ("require", ("lit", True))
    name, of, over, _ = dice.pick(settable)
    index = dice.pick([n for n, sort in scope.indices if sort == over]) if over else ""
    return ("set", name, index, _value(dice, scope, of))


def draw_spec(dice: Dice, *, clocks: bool = True, arrays: bool = True, rich: bool = False) -> Spec:
    """A random design: 2 to 5 variables, 2 to 4 actions.

    A `rich` one may have elements that belong to others, clocks set to other clocks, variables without a first value,
    deeper quantifiers, and lemmas.
    """
    belonging = rich and dice.flag()
    variables = _variables(dice, _Scope((), belonging), clocks, arrays)
    whole = _Scope(variables, belonging, rich)
    actions = [_action(dice, whole, number, arrays) for number in range(dice.whole(2, 4))]
    formula = _truth(dice, whole, 3 if rich else 2)
    limits = tuple(_deadlines(dice, variables))
    return Spec(
        variables,
        tuple(actions),
        limits,
        formula,
        _constants(dice, [name for name, *_ in actions]),
        belonging,
        _free(dice, variables) if rich else (),
        tuple(_truth(dice, whole, 2) for _ in range(2)) if rich else (),
    )


def draw_formula(dice: Dice, spec: Spec) -> Term:
    """Another formula over the states of a rich design."""
    return _truth(dice, _Scope(spec.variables, spec.belonging), 3)


def _variables(dice: Dice, scope: _Scope, clocks: bool, arrays: bool) -> tuple[tuple[str, str, str, Term | None], ...]:
    kinds = ["bool", "nat", "nat", "enum"] + (["clock"] if clocks else [])
    overs = ["", "", *SORTS] if arrays else [""]
    shapes = [(f"v{number}", dice.pick(kinds), dice.pick(overs)) for number in range(dice.whole(2, 5))]
    # What a clock runs while may ask anything but a clock.
    timeless = evolve(scope, variables=tuple((*shape, None) for shape in shapes if shape[1] != "clock"))
    variables = []
    for name, kind, over in shapes:
        inner = timeless.knowing(("i0", over)) if over else timeless
        running = _truth(dice, inner, 1) if kind == "clock" and dice.flag() else None
        variables.append((name, kind, over, running))
    return tuple(variables)


def _action(
    dice: Dice, scope: _Scope, number: int, arrays: bool
) -> tuple[str, tuple[str, ...], Term, tuple[Term, ...]]:
    arguments = tuple(dice.pick(SORTS) for _ in range(dice.whole(0, 2))) if arrays else ()
    inner = scope.knowing(*((f"a{n}", sort) for n, sort in enumerate(arguments)))
    body = tuple(_statement(dice, inner, 1) for _ in range(dice.whole(1, 3)))
    kind = dice.pick(["fair", "fair", "unfair", "hazard"])
    return f"{kind}_{number}", arguments, _truth(dice, inner, 2), body


def _deadlines(dice: Dice, variables: tuple[tuple[str, str, str, Term | None], ...]) -> Iterator[Term]:
    for name, kind, over, _ in variables:
        if kind == "clock" and dice.flag():
            bounded = ("le", ("var", name, "i0" if over else ""), ("prm", "D"))
            yield ("all", over, "i0", bounded) if over else bounded


def _constants(dice: Dice, actions: Sequence[str]) -> dict[str, int | str | bool]:
    chosen: dict[str, int | str | bool] = {
        "N": dice.whole(1, 3),
        "D": dice.whole(0, 2),
        "P": dice.whole(1, 2),
        "Q": dice.whole(1, 2),
        "mode": dice.pick(["plain", "fancy"]),
        "storm": dice.flag(),
    }
    return chosen | {name: dice.flag() for name in actions if name.startswith("hazard")}


def _free(dice: Dice, variables: tuple[tuple[str, str, str, Term | None], ...]) -> tuple[str, ...]:
    """At most two variables, of few values together: each value is a first state of its own."""
    able = [name for name, kind, over, _ in variables if kind == "bool" or (kind == "nat" and not over)]
    return tuple(name for name in able[:2] if dice.flag())
