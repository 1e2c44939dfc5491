# SPDX-License-Identifier: Apache-2.0
"""Cut-offs: when a few elements of an index sort decide a property for any number of them.

The lemma: an action of some element neither reads nor changes what belongs to the others, and what it does to the rest
does not depend on them. Then any run, seen from k chosen elements, is a run of a system that has only these k (the
others' actions are steps in which nothing happens), and a property that speaks of k elements at a time is broken with
any number of elements only if it is broken with k. The lemma is proved in Z3, action by action, for the configuration
at hand; where it fails, the search's bound stays a bound.

Source: cut-offs for symmetric processes, Emerson and Namjoshi, Reasoning about rings (POPL 1995); projection arguments
of this kind are folklore.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import z3
from attrs import evolve, frozen

from edgeproof.model.expr import Expr, Type, all_of, any_of, rewrite
from edgeproof.model.kernel import StepForm
from edgeproof.model.machine import Action, Instance, after
from edgeproof.model.smt import Encoder, Frame, UnencodableError, fix_choices, possible_actions
from edgeproof.properties.catalogue import Property, state_form, step_form
from edgeproof.properties.engines.prove.solver import new_solver

__all__ = ["Cutoff", "cutoffs"]

_ROUNDS = 4


@frozen
class Cutoff:
    """How many elements of a sort decide a property, 0 if that is not known, and then `reason` says what forbids it."""

    property: str
    sort: str
    elements: int
    reason: str = ""


def cutoffs(instance: Instance, properties: Sequence[Property], sort: str) -> list[Cutoff]:
    """How many elements of `sort` decide each property of an instance whatever their number, if that can be proved."""
    if entangled := _belonging(instance, sort):
        return [Cutoff(one.id, sort, 0, entangled) for one in properties]
    actions = possible_actions(instance)
    lemmas: dict[int, str] = {}
    found = []
    for one in properties:
        try:
            needed = _needed(instance, actions, one, sort)
            if needed and needed not in lemmas:
                lemmas[needed] = _interference(instance, actions, sort, needed)
            reason = lemmas[needed] if needed else "it is about what happens in the end, and the lemma is about steps"
        except UnencodableError as error:
            needed, reason = 0, str(error)
        found.append(Cutoff(one.id, sort, 0 if reason else needed, reason))
    return found


def _belonging(instance: Instance, sort: str) -> str:
    """Why the number of elements of a sort says how many of others belong to each; empty where nothing belongs."""
    sorts = (rigid for rigid in instance.machine.rigids.values() if rigid.role == "sort" and rigid.home)
    for rigid in sorts:
        if sort in (rigid.home, rigid.type.sort):
            return f"{rigid.type} belong to {rigid.home}: how many to each, their numbers say together"
    return ""


# --- how many elements a property speaks of


def _needed(instance: Instance, actions: Sequence[Action], one: Property, sort: str) -> int:
    """How many elements of the sort a violation names: the action's own, and one for every `for_all`; 0: no safety."""
    if one.settles is not None:
        return 0
    if one.state is not None:
        return max(1, _universals(fix_choices(instance, state_form(instance.machine, one).holds), sort, True))
    form: StepForm = step_form(instance.machine, one)
    wanted = [1]
    for action in actions:
        if action.name in form.per_action:
            holds = fix_choices(instance, form.per_action[action.name][0])
            wanted.append(_distinct(instance, action, sort) + _universals(holds, sort, True))
    return max(wanted)


def _universals(node: Expr, sort: str, holds: bool) -> int:
    """How many elements of the sort have to be chosen to make the expression false (or true)."""
    match node.op:
        case "not":
            return _universals(node.args[0], sort, not holds)
        case "forall" | "exists":
            own = int((node.op == "forall") == holds and node.args[0].type.sort == sort)
            return own + _universals(node.args[1], sort, holds)
        case "and" | "or":
            parts = [_universals(child, sort, holds) for child in node.args]
            return max(parts) if (node.op == "and") == holds else sum(parts)
    # Inside any other node a part counts as true and as false at once.
    return sum(max(_universals(child, sort, True), _universals(child, sort, False)) for child in node.args)


def _distinct(instance: Instance, action: Action, sort: str) -> int:
    """How many different elements of the sort an action can name."""
    view = _View(instance, sort, action, 0)
    named = len(view.own)
    together = named > 1 and not view.possible(lambda: [view.guard(), view.distinct()])
    return named - 1 if together else named


# --- the lemma


def _interference(instance: Instance, actions: Sequence[Action], sort: str, kept: int) -> str:
    """Why the rest of the elements may matter to `kept` of them; empty where it is proved that they do not."""
    return next(filter(None, (_meddling(_View(instance, sort, action, kept)) for action in actions)), "")


def _meddling(view: _View) -> str:
    """What an action does across elements; empty if nothing."""
    name, sort, own = view.action.name, view.sort, view.own
    if view.possible(lambda: [view.guard(), *view.agree(), view.among(), view.differs()]):
        return f"{name} of one {sort} depends on other ones, or on how many there are"
    if own and view.possible(lambda: [view.guard(), view.apart(), view.changes()]):
        return f"{name} of one {sort} changes what concerns others"
    if len(own) > 1 and view.possible(lambda: [view.guard(), z3.Not(view.among()), z3.Not(view.apart())]):
        return f"{name} is between several {sort}s"
    return ""


class _View:
    """One action in two states: of all the elements, and of the kept ones alone, where quantifiers are over these."""

    def __init__(self, instance: Instance, sort: str, action: Action, kept: int) -> None:
        self.instance, self.sort, self.action = instance, sort, action
        self.encoder = Encoder(instance)
        self.kept = [Expr("arg", Type("index", sort=sort), (), f"kept {n}") for n in range(kept)]
        self.own = [a for a in action.arguments if a.type.sort == sort]
        arguments = (*self.kept, *action.arguments)
        self.bound: dict[str, Any] = {a.name: self._term(a) for a in arguments}
        self.others: dict[str, Expr] = {}
        for variable in instance.machine.variables.values():
            if variable.over and variable.over != sort and variable.over not in self.others:
                some = Expr("arg", Type("index", sort=variable.over), (), f"some {variable.over}")
                self.others[variable.over], self.bound[some.name] = some, self._term(some)
        self.whole = self.encoder.frame("whole")
        alone = self.encoder.frame("alone")
        self.alone: Frame = {name: alone[name] if self._is_local(name) else self.whole[name] for name in alone}

    def possible(self, formulas: Callable[[], list[Any]]) -> bool:
        """Whether the formulas can hold together; they are made anew until no element joins."""
        for _ in range(_ROUNDS):
            known = sum(map(len, self.encoder.elements.values()))
            asserted = formulas()
            if known == sum(map(len, self.encoder.elements.values())):
                break
        solver = new_solver()
        facts = (*self.encoder.well_typed(self.whole), *self.encoder.well_typed(self.alone))
        solver.add(*self.encoder.known_numbers(), *facts, *asserted)
        return bool(solver.check() != z3.unsat)

    def guard(self) -> Any:
        """The action can happen."""
        return self.encoder.truth(self.action.guard, self.whole, self.bound)

    def agree(self) -> list[Any]:
        """Both states are the same at the kept elements; what belongs to no element is the same anyway."""
        local = [name for name in self.instance.machine.variables if self._is_local(name)]
        terms = [self.bound[one.name] for one in self.kept]
        return [self.whole[name](term) == self.alone[name](term) for name in local for term in terms]

    def among(self) -> Any:
        """All of the action's elements are kept ones."""
        return z3.And([z3.Or([self._value(a) == self._value(one) for one in self.kept]) for a in self.own])

    def apart(self) -> Any:
        """None of the action's elements is a kept one."""
        return z3.And([self._value(a) != self._value(one) for a in self.own for one in self.kept])

    def distinct(self) -> Any:
        """The action's elements are all different."""
        return z3.Distinct(*map(self._value, self.own))

    def differs(self) -> Any:
        """Among the kept elements alone the action cannot happen, or leaves something else behind."""
        guard = _among(self.action.guard, self.sort, self.kept)
        slot = ("alone", self.encoder.width(self.action.guard))
        impossible = self.encoder.truth(guard, self.alone, self.bound, holds=False, slot=slot)
        return z3.Or(
            impossible,
            *(self._value_after(p, self.whole) != self._value_after(p, self.alone) for p in self._places()),
        )

    def changes(self) -> Any:
        """The action changes something that is not its own elements'."""
        places = self._places()
        return z3.Or([self._value_after(p, self.whole) != self._value_of(p, self.whole) for p in places])

    def _places(self) -> list[Expr]:
        """Every variable: as it is, at the kept elements, or at any element of another sort."""
        places = []
        for name, variable in self.instance.machine.variables.items():
            if not variable.over:
                places.append(Expr("var", variable.type, (), name))
            else:
                at = self.kept if variable.over == self.sort else [self.others[variable.over]]
                places += [Expr("var", variable.type, (index,), name) for index in at]
        return places

    def _value_of(self, place: Expr, frame: Frame) -> Any:
        return self.encoder.term(place, frame, self.bound)

    def _value_after(self, place: Expr, frame: Frame) -> Any:
        value = fix_choices(self.instance, after(place, self.action.post))
        return self.encoder.term(
            value if frame is self.whole else _among(value, self.sort, self.kept), frame, self.bound
        )

    def _value(self, argument: Expr) -> Any:
        return self.bound[argument.name]

    def _term(self, argument: Expr) -> Any:
        name, of = argument.name, argument.type
        return self.encoder.index_term(name, of.sort) if of.kind == "index" else z3.Real(name)

    def _is_local(self, name: str) -> bool:
        return self.instance.machine.variables[name].over == self.sort


def _among(node: Expr, sort: str, chosen: list[Expr]) -> Expr:
    """The expression where the elements of the sort are the chosen ones."""
    if node.op in ("forall", "exists") and node.args[0].type.sort == sort:
        variable, body = node.args
        parts = [_among(_put(body, variable, one), sort, chosen) for one in chosen]
        return all_of(parts) if node.op == "forall" else any_of(parts)
    if not node.args:
        return node
    return evolve(node, args=tuple(_among(child, sort, chosen) for child in node.args))


def _put(body: Expr, variable: Expr, element: Expr) -> Expr:
    return rewrite(body, lambda node: element if node is variable else None)
