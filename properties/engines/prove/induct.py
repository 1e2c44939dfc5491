# SPDX-License-Identifier: Apache-2.0
"""Inductive invariants: what holds at first and is kept by every action holds for ever, for any number of everything.

Given candidate lemmas, the largest inductive part is found by throwing out, as long as some action breaks some, those
that it breaks (Houdini: Flanagan and Leino 2001). A property of steps is then asked of every action in states that
satisfy what is left.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import z3
from attrs import define, field, frozen

from edgeproof.model.expr import NAT, TIME, TRUE, Expr, Type, for_all, implies, lift, rewrite, walk
from edgeproof.model.kernel import StateForm, StepForm
from edgeproof.model.machine import Action, Each, Instance, Machine, Store, after
from edgeproof.model.smt import Encoder, Frame, UnencodableError, fix_choices, possible_actions
from edgeproof.model.terms import implication, some_hold
from edgeproof.properties.engines.prove.known import Known
from edgeproof.properties.engines.prove.solver import WORK, answer, assume, new_solver

__all__ = [
    "Induction",
    "Inductive",
    "UndecidedError",
    "breaks_step",
    "broken_by",
    "can_be_tested",
    "inductive_part",
    "leaves_range",
]


_ROUNDS = 4
"""How often instances are made at new constants: an `exists` below a `for_all` could go on making them for ever."""


_STANDSTILL = Action("standstill", (), TRUE, {}, False)
"""A step that is always possible and changes nothing: what is asked of it is asked of the state alone."""


class UndecidedError(Exception):
    """The solver gave up; the message says on what."""


@frozen
class Found:
    """A step with which one of the goals goes wrong, by the action's arguments and a model of the state before it."""

    goals: Sequence[Expr]
    bound: dict[str, Any]
    model: Any


@define(eq=False)
class Induction:
    """An instance's lemmas in one solver, each behind a switch, so that every question costs its own formulas only."""

    instance: Instance
    lemmas: dict[str, Expr]
    work: int
    known: Known
    encoder: Encoder = field(init=False)
    frame: Frame = field(init=False)
    actions: tuple[Action, ...] = field(init=False)
    solver: Any = field(init=False, default=None)
    switches: dict[str, Any] = field(factory=dict)
    queries: int = 0

    def __attrs_post_init__(self) -> None:
        self.actions = possible_actions(self.instance)
        self.encoder = Encoder(self.instance, shapes=self.known.shapes, widths=self.known.widths)
        self.frame = self.encoder.frame("0")
        for action in self.instance.machine.actions:
            for argument in action.arguments:
                if argument.type.kind == "index":
                    self.encoder.index_term(argument.name, argument.type.sort)

    def afterwards(self, action: Action) -> dict[str, Expr]:
        """The lemmas that `action` can change, as they are after it, said in terms of the state before."""
        intern = self.known.interned.of
        later = self.known.afterwards.setdefault(self.known.interned.of_post(action.post), {})
        changed = {}
        for name, node in self.lemmas.items():
            now = intern(node)
            if now not in later:
                later[now] = intern(after(node, action.post))
            if later[now] is not now:
                changed[name] = later[now]
        return changed

    def ask(self, action: Action, goals: Sequence[Expr], *, hold: bool) -> Found | None:
        """Can `action` happen, where the lemmas hold, so that one of the goals holds (or fails)?

        The expressions speak of the state before the action. None means that it cannot. Raises UndecidedError where the
        solver gives up.
        """
        self.queries += 1
        intern = self.known.interned.of
        lemmas = {name: intern(node) for name, node in self.lemmas.items()}
        guard, goals = intern(action.guard), [intern(goal) for goal in goals]
        open_ones = self.known.unsettled(guard, goals, hold, lemmas.values())
        if not open_ones:
            return None
        found, core = self._solve(action, open_ones, hold)
        if found is None:
            self.known.learn(guard, open_ones, hold, [lemmas[name] for name in core])
        return found

    def _solve(self, action: Action, goals: Sequence[Expr], hold: bool) -> tuple[Found | None, list[str]]:
        """A model, or the names of the lemmas because of which there is none."""
        bound = {a.name: self._argument(a) for a in action.arguments}
        known, formulas = self._universe(), self._formulas(action, goals, bound, hold)
        for _ in range(_ROUNDS):
            if self.solver is not None and known == self._universe():
                break
            # Skolem constants have joined, of the lemmas perhaps: the universal parts have instances at them, too.
            known = self._universe()
            self._rebuild()
            formulas = self._formulas(action, goals, bound, hold)
        self.solver.push()
        assume(self.solver, formulas)
        said = answer(self.solver, [self.switches[name] for name in self.lemmas])
        found = Found(goals, bound, self.solver.model()) if said == z3.sat else None
        core = [switch.decl().name() for switch in self.solver.unsat_core()] if said == z3.unsat else []
        self.solver.pop()
        if said == z3.unknown:
            raise UndecidedError(f"on {action.name}: {self.solver.reason_unknown()}")
        return found, core

    def _formulas(self, action: Action, goals: Sequence[Expr], bound: dict[str, Any], hold: bool) -> list[Any]:
        goal = some_hold([self.truth_with(action, one, bound, hold) for one in goals])
        return [self.encoder.truth(self.known.interned.of(action.guard), self.frame, bound), goal]

    def truth_with(self, action: Action, node: Expr, bound: dict[str, Any], hold: bool) -> Any:
        """The formula for `node` beside an action's guard: what exists for one need not be what the other speaks of."""
        slot = ("", self.encoder.width(self.known.interned.of(action.guard)))
        return self.encoder.truth(node, self.frame, bound, holds=hold, slot=slot)

    def _argument(self, argument: Expr) -> Any:
        name, of = argument.name, argument.type
        return self.encoder.index_term(name, of.sort) if of.kind == "index" else z3.Real(name)

    def _universe(self) -> int:
        return sum(len(elements) for elements in self.encoder.elements.values())

    def _rebuild(self) -> None:
        self.solver = new_solver(self.work)
        assume(self.solver, [*self.encoder.known_numbers(), *self.encoder.well_typed(self.frame)])
        self.switches = {name: z3.Bool(name) for name in self.lemmas}
        for name, switch in self.switches.items():
            lemma = self.known.interned.of(self.lemmas[name])
            assume(self.solver, [implication(switch, self.encoder.truth(lemma, self.frame, {}, slot=(name, 0)))])


@frozen
class Inductive:
    """The lemmas that together are inductive, and why each of the others is not: the action that breaks it."""

    kept: Mapping[str, Expr]
    dropped: Mapping[str, str]
    induction: Induction
    queries: int
    seconds: float


def inductive_part(
    instance: Instance, candidates: Mapping[str, Expr], work: int = WORK, known: Known | None = None
) -> Inductive:
    """The largest part of the candidates that is inductive. Raises UndecidedError where the solver gives up.

    What is `known` of the machine is not asked again.
    """
    known = Known() if known is None else known
    started = time.perf_counter()
    everything = {**dict(instance.machine.deadlines), **idle_clocks(instance.machine), **candidates}
    lemmas = {name: fix_choices(instance, node) for name, node in everything.items()}
    dropped = dict.fromkeys(_initially_false(instance, lemmas, work, known), "the initial state")
    induction = Induction(instance, {n: node for n, node in lemmas.items() if n not in dropped}, work, known)
    actions = induction.actions
    settled: set[str] = set()
    while len(settled) < len(actions):
        for action in actions:
            if action.name in settled:
                continue
            broken = broken_by(induction, action)
            for name in broken:
                del induction.lemmas[name]
                dropped[name] = action.name
            # Whatever was assumed until now was assumed too much: every action is asked again, this one included.
            if broken:
                settled.clear()
            else:
                settled.add(action.name)
    return Inductive(induction.lemmas, dropped, induction, induction.queries, time.perf_counter() - started)


def breaks_step(inductive: Inductive, form: StepForm) -> str | None:
    """The name of an action by which a property of steps may be broken where the invariant holds; None: it holds."""
    instance = inductive.induction.instance
    for action in inductive.induction.actions:
        if action.name in form.per_action:
            holds = fix_choices(instance, form.per_action[action.name][0])
            if inductive.induction.ask(action, [holds], hold=False) is not None:
                return action.name
    return None


def can_be_tested(inductive: Inductive, form: StateForm | StepForm) -> bool:
    """Whether a state (or step) that the invariant allows puts the property to the test; it need not be reachable."""
    induction = inductive.induction
    if isinstance(form, StateForm):
        tested = fix_choices(induction.instance, form.tested)
        return induction.ask(_STANDSTILL, [tested], hold=True) is not None
    steps = (
        (action, form.per_action[action.name][1]) for action in induction.actions if action.name in form.per_action
    )
    return any(
        induction.ask(a, [fix_choices(induction.instance, tested)], hold=True) is not None for a, tested in steps
    )


def leaves_range(inductive: Inductive) -> tuple[str, str] | None:
    """A natural that some action may take below 0 where the invariant holds, and the action; None if there is none.

    That naturals are at least 0 is assumed of the state before every step; here it is shown of the state after. Only
    what is subtracted can be too much, so nothing else is asked.
    """
    induction = inductive.induction
    for name, variable in induction.instance.machine.variables.items():
        if variable.type.kind != "nat":
            continue
        natural = _everywhere(name, variable.type, variable.over, lambda one: lift(0, NAT) <= one)
        for action in induction.actions:
            if _subtracts(action.post.get(name, ())):
                later = fix_choices(induction.instance, after(natural, action.post))
                if induction.ask(action, [later], hold=False) is not None:
                    return name, action.name
    return None


def _subtracts(change: Expr | tuple[Store | Each, ...]) -> bool:
    values = (change,) if isinstance(change, Expr) else tuple(update.value for update in change)
    return any(node.op == "sub" or _is_negative(node) for value in values for node in walk(value))


def _is_negative(node: Expr) -> bool:
    """Whether a node is a number below 0: a difference of literals is folded to one."""
    return node.op == "lit" and not isinstance(node.value, str) and node.value < 0


def _everywhere(name: str, of: Type, over: str, says: Callable[[Expr], Expr]) -> Expr:
    """What is said of a variable, or of every element of an array."""
    if not over:
        return says(Expr("var", of, (), name))
    return for_all(Type("index", sort=over), lambda element: says(Expr("var", of, (element,), name)))


def idle_clocks(machine: Machine) -> dict[str, Expr]:
    """What the meaning of a clock's condition amounts to: a clock that does not run shows 0."""
    found = {}
    for one in machine.clocks:
        index = () if one.bound is None else (one.bound,)
        idle = implies(~one.running, Expr("var", TIME, index, one.name) == 0)
        found[f"idle {one.name}"] = idle if one.bound is None else _for_each(one.bound, idle)
    return found


def _for_each(bound: Expr, body: Expr) -> Expr:
    return for_all(bound.type, lambda element: rewrite(body, lambda node: element if node is bound else None))


def _initially_false(instance: Instance, lemmas: Mapping[str, Expr], work: int, known: Known) -> list[str]:
    """The lemmas that some initial state breaks, and those that have no formula."""
    false: list[str] = []
    encoder = Encoder(instance, shapes=known.shapes, widths=known.widths)
    frame = encoder.frame("0")
    interned = {name: known.interned.of(node) for name, node in lemmas.items()}
    lemmas = {name: node for name, node in interned.items() if node not in known.initially}
    for name, node in lemmas.items():
        try:
            encoder.truth(node, frame, {}, holds=False)
            encoder.truth(node, frame, {})
        except UnencodableError:
            false.append(name)
    solver = new_solver(work)
    assume(solver, [*encoder.known_numbers(), *encoder.initially(frame), *encoder.well_typed(frame)])
    for name, node in lemmas.items():
        if name in false:
            continue
        solver.push()
        assume(solver, [encoder.truth(node, frame, {}, holds=False)])
        if answer(solver) == z3.unsat:
            known.initially.add(node)
        else:
            false.append(name)
        solver.pop()
    return false


def broken_by(induction: Induction, action: Action) -> list[str]:
    """The lemmas that some step of `action` breaks although all hold before it (as one model of the solver shows)."""
    changed = induction.afterwards(action)
    if not changed:
        return []
    found = induction.ask(action, list(changed.values()), hold=False)
    if found is None:
        return []

    def false_afterwards(node: Expr) -> bool:
        formula = induction.truth_with(action, node, found.bound, False)
        return bool(z3.is_true(found.model.eval(formula, model_completion=True)))

    # The others are proved to be kept.
    asked = set(found.goals)
    broken = [name for name, node in changed.items() if node in asked and false_afterwards(node)]
    if not broken:
        raise UndecidedError(f"on {action.name}: the solver's model does not say which lemma is broken")
    return broken
