# SPDX-License-Identifier: Apache-2.0
"""A machine as Z3 terms.

Index sorts are uninterpreted: an array is an unknown function from the sort, and quantifiers over a sort are replaced
by their instances at the index terms of the query (arguments and Skolem constants). As nothing maps into an index
sort but what the elements of another belong to, which belong to nothing further, these terms are the whole Herbrand
universe: the instances lose nothing as long as no `exists` stands below a `for_all`, and what is found unsatisfiable is
so for any number of elements in any case: instances only weaken assumptions.

For bounded search the same encoder works over a fixed number of elements, where quantifiers are finite.

Clocks and durations are reals, naturals are unbounded integers from 0, options and hazards have the instance's values;
counts and durations are symbols unless they are given values.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, assert_never

import z3
from attrs import define, evolve, field, frozen

from edgeproof.model.expr import TIME, Expr, Type, all_of, lift, walk
from edgeproof.model.machine import TICK, Action, Instance, Machine, advance, after, fill_in, specialise
from edgeproof.model.terms import BINARY, all_hold, at_least, choice, function, negation, some_hold

__all__ = [
    "FORMULAS",
    "Encoder",
    "Frame",
    "Shape",
    "TooManyFormulasError",
    "UnencodableError",
    "fix_choices",
    "possible_actions",
    "with_any_tick",
]


class UnencodableError(ValueError):
    """An expression has no formula for any number of elements; the message says what to write instead."""


class TooManyFormulasError(UnencodableError):
    """Quantifiers nested so deep that their instances are too many to be made; the message says how many."""


FORMULAS = 100_000
"""How many formulas an encoder makes before it gives up: nested quantifiers could make it go on for ever."""

Frame = Mapping[str, Any]
"""The terms of one state: a Z3 term per scalar; per array a function from an index term to a Z3 term."""

Slot = tuple[str, int]
"""Where in a query an `exists` stands: those that must hold together have different slots, alternatives may share."""

DELAY = Expr("arg", TIME, (), "delay")
"""How long a tick lasts."""


def fix_choices(instance: Instance, node: Expr) -> Expr:
    """The expression with the instance's options and hazards filled in, and simplified; numbers stay symbols."""
    return fill_in(node, _choices(instance))


def possible_actions(instance: Instance, *, whole_time: bool = False) -> tuple[Action, ...]:
    """The actions that the options and hazards allow, with these filled in; ticks are of any length, or of one."""
    machine = instance.machine if whole_time else with_any_tick(instance.machine)
    return specialise(machine, _choices(instance)).actions


def _choices(instance: Instance) -> dict[str, int | str | bool]:
    return {**instance.of_role("option"), **instance.of_role("hazard")}


def with_any_tick(machine: Machine) -> Machine:
    """The machine whose tick is of any positive length: what is said of that step has to speak of that length."""
    actions = tuple(_delayed_tick(machine) if action.name == TICK else action for action in machine.actions)
    return evolve(machine, actions=actions)


def _delayed_tick(machine: Machine) -> Action:
    """The tick of any positive length: the action `tick` with `DELAY` as its argument."""
    post = advance(machine, DELAY)
    deadlines = all_of(after(condition, post) for _, condition in machine.deadlines)
    return Action(TICK, (DELAY,), (lift(0, TIME) < DELAY) & deadlines, post, True)


@frozen
class Shape:
    """Of which variables an expression speaks that it does not bind itself, and whether it has quantifiers."""

    free: tuple[str, ...]
    quantified: bool


@define
class Encoder:
    """Encodes expressions of one instance. With `sizes` arrays have that many elements; without, any number.

    `numbers` gives values to counts and durations; those without are symbols. With `whole_time` clocks are integers, as
    in a search. `elements` are the index terms known so far per sort; Skolem constants of `exists` join them.
    What is `done` was made for these; what has no quantifiers is `plain`, and stays.
    """

    instance: Instance
    numbers: Mapping[str, int | Fraction] = field(factory=dict)
    sizes: Mapping[str, int] = field(factory=dict)
    whole_time: bool = False
    elements: dict[str, list[Any]] = field(factory=dict)
    joined: set[int] = field(factory=set)
    skolems: dict[tuple[Any, ...], Any] = field(factory=dict)
    symbols: dict[str, Any] = field(factory=dict)
    done: dict[tuple[Any, ...], tuple[Any, ...]] = field(factory=dict)
    plain: dict[tuple[Any, ...], tuple[Any, ...]] = field(factory=dict)
    shapes: dict[Expr, Shape] = field(factory=dict)
    widths: dict[tuple[int, bool], tuple[int, Expr]] = field(factory=dict)
    made: int = 0

    def __attrs_post_init__(self) -> None:
        for name, rigid in self.instance.machine.rigids.items():
            if rigid.role in ("count", "duration") and name not in self.numbers:
                self.symbols[name] = z3.Int(name) if rigid.role == "count" else z3.Real(name)
            if rigid.role == "sort":
                sort = rigid.type.sort
                self.elements.setdefault(sort, list(range(self.sizes[name])) if self.sizes else [])

    def known_numbers(self) -> list[Any]:
        """Counts and durations are not negative."""
        return [symbol >= 0 for symbol in self.symbols.values()]

    def frame(self, tag: str) -> Frame:
        """Fresh terms for a state; `tag` tells states apart."""
        terms: dict[str, Any] = {}
        for name, variable in self.instance.machine.variables.items():
            sort = self._sort(variable.type)
            if not variable.over:
                terms[name] = z3.Const(f"{name}@{tag}", sort)
            elif self.sizes:
                size = self.sizes[self.instance.machine.sort_size_name(variable.over)]
                terms[name] = [z3.Const(f"{name}[{k}]@{tag}", sort) for k in range(size)].__getitem__
            else:
                terms[name] = function(f"{name}@{tag}", self.index_sort(variable.over), sort)
        return terms

    def index_sort(self, sort: str) -> Any:
        """The uninterpreted sort of an index sort."""
        return z3.DeclareSort(sort)

    def index_term(self, name: str, sort: str) -> Any:
        """A constant that stands for some element; it takes part in the instances of quantifiers."""
        term = z3.Const(name, self.index_sort(sort))
        self._join(sort, term)
        return term

    def _join(self, sort: str, term: Any) -> None:
        """A term takes part in the instances of quantifiers, and what it belongs to does."""
        if term.get_id() in self.joined:
            return
        self.joined.add(term.get_id())
        # Its number stays its own as long as the term is kept here.
        self.elements[sort].append(term)
        # Formulas of quantifiers made so far lack the instances at the new term.
        self.done.clear()
        owner = self.instance.machine.index(sort).home
        if owner:
            self._join(owner, self._home(term, sort, owner))

    def _home(self, term: Any, sort: str, owner: str) -> Any:
        if self.sizes:
            return term % self.sizes[self.instance.machine.sort_size_name(owner)]
        return function(f"home of {sort}", self.index_sort(sort), self.index_sort(owner))(term)

    def well_typed(self, frame: Frame) -> list[Any]:
        """What every state satisfies by its types alone, at the elements known so far."""
        facts = []
        for name, variable in self.instance.machine.variables.items():
            terms = [frame[name]] if not variable.over else [frame[name](e) for e in self.elements[variable.over]]
            for term in terms:
                if variable.type.kind in ("nat", "time"):
                    facts.append(at_least(term, self.literal(variable.type, 0)))
                elif variable.type.kind == "enum":
                    facts.append(at_least(term, z3.IntVal(0)))
                    facts.append(BINARY["lt"](term, z3.IntVal(len(variable.type.labels))))
        return facts

    def initially(self, frame: Frame) -> list[Any]:
        """What holds of an initial state, at the elements known so far."""
        facts = []
        for name, variable in self.instance.machine.variables.items():
            if variable.initial is None:
                continue
            terms = [frame[name]] if not variable.over else [frame[name](e) for e in self.elements[variable.over]]
            value = self.literal(variable.type, variable.initial)
            facts += [term == value for term in terms]
        return facts

    def truth(
        self, node: Expr, frame: Frame, bound: Mapping[str, Any], *, holds: bool = True, slot: Slot = ("", 0)
    ) -> Any:
        """The formula that says that a boolean expression holds (or does not) in the state of `frame`.

        What is asserted together with another formula needs a slot of its own: one that begins with another name, or
        that lies `width` further on.
        """
        slot = slot if self.width(node, holds) else ("", 0)
        shape = self.shapes.get(node) or self._shape(node)
        values = [bound[name] for name in shape.free]
        key = (id(node), id(frame), holds, slot, *map(id, values))
        done = self.done if shape.quantified else self.plain
        if key not in done:
            self.made += 1
            if self.made > FORMULAS:
                raise TooManyFormulasError(f"the instances of its quantifiers are more than {FORMULAS:,} formulas")
            made = self._truth(node, frame, dict(zip(shape.free, values, strict=True)), holds, slot)
            # What the key names by identity is kept alive with it.
            done[key] = (made, node, frame, values)
        return done[key][0]

    def _shape(self, node: Expr) -> Shape:
        parts = [self.shapes.get(child) or self._shape(child) for child in node.args]
        names = dict.fromkeys(name for part in parts for name in part.free)
        if node.op == "arg":
            names = {node.name: None}
        elif node.op in ("forall", "exists"):
            del names[node.args[0].name]
        quantified = node.op in ("forall", "exists") or any(part.quantified for part in parts)
        found = self.shapes[node] = Shape(tuple(names), quantified)
        return found

    def width(self, node: Expr, holds: bool = True) -> int:
        """How many slots the Skolem constants of a formula take."""
        key = (id(node), holds)
        if key not in self.widths:
            self.widths[key] = (self._width(node, holds), node)
        return self.widths[key][0]

    def _width(self, node: Expr, holds: bool) -> int:
        if self.sizes:
            return 0
        match node.op:
            case "not":
                return self.width(node.args[0], not holds)
            case "and" | "or":
                parts = [self.width(child, holds) for child in node.args]
                return sum(parts) if (node.op == "and") == holds else max(parts)
            case "ite":
                test, then, otherwise = node.args
                return max(
                    self.width(test) + self.width(then, holds), self.width(test, False) + self.width(otherwise, holds)
                )
            case "forall" | "exists":
                return self.width(node.args[1], holds) + ((node.op == "exists") == holds)
            case "lit" | "var" | "prm" | "arg" | "home" | "add" | "sub" | "mul" | "eq" | "lt" | "le":
                return 0
            case never:
                assert_never(never)

    def _truth(self, node: Expr, frame: Frame, bound: Mapping[str, Any], holds: bool, slot: Slot) -> Any:
        match node.op:
            case "not":
                return self.truth(node.args[0], frame, bound, holds=not holds, slot=slot)
            case "and" | "or":
                together, parts = (node.op == "and") == holds, []
                for child in node.args:
                    parts.append(self.truth(child, frame, bound, holds=holds, slot=slot))
                    slot = self._after(slot, child, holds) if together else slot
                return all_hold(parts) if together else some_hold(parts)
            case "ite":
                alternatives = []
                for so, branch in ((True, node.args[1]), (False, node.args[2])):
                    test = self.truth(node.args[0], frame, bound, holds=so, slot=slot)
                    later = self._after(slot, node.args[0], so)
                    alternatives.append(all_hold((test, self.truth(branch, frame, bound, holds=holds, slot=later))))
                return some_hold(alternatives)
            case "forall" | "exists":
                return self._quantified(node, frame, bound, holds, slot)
            case "lit" | "var" | "prm" | "arg" | "home" | "add" | "sub" | "mul" | "eq" | "lt" | "le":
                plain = self.term(node, frame, bound)
                return plain if holds else negation(plain)
            case never:
                assert_never(never)

    def _after(self, slot: Slot, node: Expr, holds: bool) -> Slot:
        return slot[0], slot[1] + self.width(node, holds)

    def _inside(self, node: Expr, frame: Frame, bound: Mapping[str, Any]) -> Any:
        """The truth of a boolean expression inside a term.

        A quantifier there stands for both of its truth values at once, and neither instances nor Skolem constants would
        be right for both: only over a fixed number of elements does it have a formula. Raises UnencodableError.
        """
        if not self.sizes and any(child.op in ("forall", "exists") for child in walk(node)):
            raise UnencodableError(
                f"`{node}` decides a value; to prove anything, quantify in guards and properties only"
            )
        return self.truth(node, frame, bound)

    def term(self, node: Expr, frame: Frame, bound: Mapping[str, Any]) -> Any:
        """The Z3 term of a value."""
        shape = self.shapes.get(node) or self._shape(node)
        values = [bound[name] for name in shape.free]
        key = (id(node), id(frame), *map(id, values))
        done = self.done if shape.quantified else self.plain
        if key not in done:
            done[key] = (self._term(node, frame, dict(zip(shape.free, values, strict=True))), node, frame, values)
        return done[key][0]

    def _term(self, node: Expr, frame: Frame, bound: Mapping[str, Any]) -> Any:
        match node.op:
            case "lit":
                return self.literal(node.type, node.value)
            case "var":
                return frame[node.name](self.term(node.args[0], frame, bound)) if node.args else frame[node.name]
            case "prm":
                return self._constant(node.name)
            case "arg":
                return bound[node.name]
            case "home":
                return self._home(self.term(node.args[0], frame, bound), node.args[0].type.sort, node.type.sort)
            case "and" | "or" | "not" | "forall" | "exists":
                return self._inside(node, frame, bound)
            case "ite":
                test, then, otherwise = node.args
                return choice(
                    self._inside(test, frame, bound), self.term(then, frame, bound), self.term(otherwise, frame, bound)
                )
            case "eq":
                left, right = self._operands(node, frame, bound)
                # Elements of a sort of known size are Python's integers.
                return z3.BoolVal(left == right) if isinstance(left, int) else BINARY["eq"](left, right)
            case "add" | "sub" | "mul" | "lt" | "le":
                return BINARY[node.op](*self._operands(node, frame, bound))
            case never:
                assert_never(never)

    def _operands(self, node: Expr, frame: Frame, bound: Mapping[str, Any]) -> tuple[Any, Any]:
        """The terms of two operands, of one sort."""
        left, right = (self.term(child, frame, bound) for child in node.args)
        if node.args[0].type != node.args[1].type and node.args[0].type.is_number:
            return _real(left), _real(right)
        return left, right

    def literal(self, of: Type, value: Any) -> Any:
        """The Z3 value that stands for a Python value of a type."""
        match of.kind:
            case "bool":
                return z3.BoolVal(value)
            case "enum":
                return z3.IntVal(of.labels.index(value))
            case "time" if not self.whole_time:
                return z3.RealVal(value)
        return z3.IntVal(value)

    def decode(self, of: Type, value: Any) -> bool | int | str | Fraction:
        """The Python value that a value of a Z3 model stands for."""
        match of.kind:
            case "bool":
                return bool(z3.is_true(value))
            case "enum":
                return of.labels[int(value.as_long())]
            case "time":
                if z3.is_int(value):
                    return int(value.as_long())
                exact = Fraction(value.numerator_as_long(), value.denominator_as_long())
                return exact.numerator if exact.denominator == 1 else exact
        return int(value.as_long())

    def _sort(self, of: Type) -> Any:
        if of.kind == "bool":
            return z3.BoolSort()
        return z3.RealSort() if of.kind == "time" and not self.whole_time else z3.IntSort()

    def _constant(self, name: str) -> Any:
        if name in self.symbols:
            return self.symbols[name]
        rigid = self.instance.machine.rigids[name]
        return self.literal(rigid.type, self.numbers.get(name, self.instance.values[name]))

    def _quantified(self, node: Expr, frame: Frame, bound: Mapping[str, Any], holds: bool, slot: Slot) -> Any:
        variable, body = node.args
        name, sort = variable.name, variable.type.sort
        universal = (node.op == "forall") == holds
        if universal or self.sizes:
            elements = list(self.elements[sort]) or [self.index_term(f"some {sort}", sort)]
            parts = [self.truth(body, frame, {**bound, name: element}, holds=holds, slot=slot) for element in elements]
            return all_hold(parts) if universal else some_hold(parts)
        # One Skolem constant serves all the alternatives of a goal: it stands for whatever makes one of them true.
        # It depends on the elements of the quantifiers around it, whose variables are told by their numbers.
        around = sorted((n, str(v)) for n, v in bound.items() if n.endswith(tuple("0123456789")))
        context = (slot, sort, id(frame), *around)
        if context not in self.skolems:
            self.skolems[context] = self.index_term(f"sk_{len(self.skolems)}_{name}", sort)
        element = self.skolems[context]
        return self.truth(body, frame, {**bound, name: element}, holds=holds, slot=(slot[0], slot[1] + 1))


def _real(term: Any) -> Any:
    return z3.ToReal(term) if z3.is_int(term) else term
