# SPDX-License-Identifier: Apache-2.0
"""A design as data: what `read_design` gives, and what every back end reads."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from attrs import evolve, field, frozen

from edgeproof.model.declare import Declarations, DesignError, Rigid, Variable
from edgeproof.model.expr import TIME, Expr, Type, ite, lift
from edgeproof.model.post import Each, Post, fill_in
from edgeproof.model.state import State

__all__ = ["Action", "Clock", "Instance", "Machine", "advance", "specialise"]


@frozen
class Action:
    """One action of a machine: it may happen where `guard` holds, for any values of its arguments.

    `place` is where its method is written: the file and the line; ("", 0) for the passing of time.
    """

    name: str
    arguments: tuple[Expr, ...]
    guard: Expr
    post: Post
    fair: bool
    hazard: str = ""
    doc: str = ""
    place: tuple[str, int] = field(default=("", 0), eq=False)


@frozen
class Clock:
    """A clock variable and the condition under which it runs; the condition speaks of an element through `bound`."""

    name: str
    running: Expr
    bound: Expr | None


@frozen(eq=False)
class Machine:
    """A design as data: constants, variables, actions, deadlines. The last action is `tick` if there are clocks."""

    declared: Declarations
    doc: str
    actions: tuple[Action, ...]
    clocks: tuple[Clock, ...]
    deadlines: tuple[tuple[str, Expr], ...]

    @property
    def name(self) -> str:
        """What the design is called."""
        return self.declared.design

    @property
    def rigids(self) -> Mapping[str, Rigid]:
        """The constants by name: options, hazards, counts, durations and index sorts."""
        return self.declared.rigids

    @property
    def variables(self) -> Mapping[str, Variable]:
        """The variables by name, in the order of their declaration."""
        return self.declared.variables

    def action(self, name: str) -> Action:
        """The action of that name. Raises DesignError for an unknown one."""
        for one in self.actions:
            if one.name == name:
                return one
        raise DesignError(f"{self.name} has no action {name!r}; it has {', '.join(a.name for a in self.actions)}")

    def state(self, post: Post | None = None) -> State:
        """The symbolic state, after the assignments of `post` if given: attribute access gives what is declared."""
        return State(self.declared, post or {})

    def index(self, sort: str) -> Rigid:
        """The declaration of an index sort."""
        return next(r for r in self.rigids.values() if r.role == "sort" and r.type.sort == sort)

    def sort_size_name(self, sort: str) -> str:
        """The name under which an instance gives the size of an index sort."""
        return next(n for n, r in self.rigids.items() if r.role == "sort" and r.type.sort == sort)


@frozen
class Instance:
    """A machine with every constant fixed: options, hazards (booleans), counts, durations and sort sizes by name."""

    machine: Machine
    values: Mapping[str, int | str | bool]

    @classmethod
    def of(cls, machine: Machine, /, **chosen: int | str | bool) -> Instance:
        """The defaults of the machine, but for what is `chosen`. Raises DesignError for what does not exist."""
        values = {name: rigid.default for name, rigid in machine.rigids.items()}
        for name, value in chosen.items():
            if name not in machine.rigids:
                close = get_close_matches(name, values, n=1)
                hint = f"did you mean {close[0]!r}? " if close else ""
                raise DesignError(
                    f"{machine.name} has no option, hazard or parameter {name!r}; {hint}it has {', '.join(values)}"
                )
            values[name] = _checked(name, machine.rigids[name], value)
        return cls(machine, values)

    def with_(self, /, **chosen: int | str | bool) -> Instance:
        """The same instance but for what is `chosen`."""
        return Instance.of(self.machine, **{**self.values, **chosen})

    @cached_property
    def specialised(self) -> Machine:
        """The machine for these constants: simpler expressions, and no action that they make impossible."""
        return specialise(self.machine, self.values)

    def number(self, name: str) -> int:
        """A count, a duration or a sort's size."""
        return int(self.values[name])

    def of_role(self, role: str) -> dict[str, int | str | bool]:
        """The constants of one role (`option`, `hazard`, `count`, `duration`, `sort`) in the order of declaration."""
        return {n: self.values[n] for n, r in self.machine.rigids.items() if r.role == role}

    @property
    def hazards(self) -> tuple[str, ...]:
        """The hazards that are switched on."""
        return tuple(name for name, on in self.of_role("hazard").items() if on)

    def domain(self, of: Type, limit: str = "") -> tuple[int | str | bool, ...]:
        """Every value of a type, in order; a natural reaches up to the count named `limit`."""
        match of.kind:
            case "bool":
                return (False, True)
            case "enum":
                return of.labels
            case "index":
                return tuple(range(self.number(self.machine.sort_size_name(of.sort))))
            case "nat":
                return tuple(range(self.number(limit) + 1))
        raise DesignError(f"a {of} has no finite domain")


def _checked(name: str, rigid: Rigid, value: int | str | bool) -> int | str | bool:
    if rigid.role in ("option", "hazard"):
        domain = rigid.type.labels if rigid.role == "option" else (False, True)
        if type(value) is not type(domain[0]) or value not in domain:
            raise DesignError(f"{name} is one of {', '.join(map(str, domain))}, not {value!r}")
        return value
    least = 1 if rigid.role == "sort" else 0
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise DesignError(f"{name} is a whole number from {least}, not {value!r}")
    return value


def advance(machine: Machine, by: Expr) -> Post:
    """What the passing of time leaves behind: every running clock shows `by` more."""
    post: dict[str, Any] = {}
    for one in machine.clocks:
        index = () if one.bound is None else (one.bound,)
        value = ite(one.running, Expr("var", TIME, index, one.name) + by, lift(0, TIME))
        post[one.name] = value if one.bound is None else (Each(one.bound, value),)
    return post


def specialise(machine: Machine, values: Mapping[str, int | str | bool]) -> Machine:
    """The machine for some of its constants fixed: simpler expressions, and no action that these make impossible."""
    actions = []
    for one in machine.actions:
        guard = fill_in(one.guard, values)
        if guard.op == "lit" and not guard.value:
            continue
        post = {name: _fill_in_change(change, values) for name, change in one.post.items()}
        actions.append(evolve(one, guard=guard, post=post))
    deadlines = tuple((name, fill_in(condition, values)) for name, condition in machine.deadlines)
    clocks = tuple(evolve(one, running=fill_in(one.running, values)) for one in machine.clocks)
    return evolve(machine, actions=tuple(actions), deadlines=deadlines, clocks=clocks)


def _fill_in_change(change: Any, values: Mapping[str, int | str | bool]) -> Any:
    if isinstance(change, Expr):
        return fill_in(change, values)
    return tuple(evolve(update, value=fill_in(update.value, values)) for update in change)
