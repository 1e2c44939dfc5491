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

from model.expr import FALSE, TIME, Expr, for_all, implies, rewrite
from model.kernel import StateForm, StepForm
from model.machine import TICK, Action, Instance, Machine, after
from model.smt import Encoder, Frame, delayed_tick, fix_choices

__all__ = ["Inductive", "UndecidedError", "breaks_step", "can_be_tested", "inductive_part"]


class UndecidedError(Exception):
    """The solver gave up; the message says on what."""


@frozen
class Inductive:
    """The lemmas that together are inductive, and why each of the others is not: the action that breaks it."""

    kept: Mapping[str, Expr]
    dropped: Mapping[str, str]
    queries: int
    seconds: float


@define
class _Query:
    """One solver with the lemmas assumed in a state from which an action is taken."""

    encoder: Encoder
    solver: Any
    frame: Frame
    bound: dict[str, Any] = field(factory=dict)


def inductive_part(instance: Instance, candidates: Mapping[str, Expr], timeout_ms: int = 5000) -> Inductive:
    """The largest part of the candidates that is inductive. Raises UndecidedError where the solver gives up."""
    started = time.perf_counter()
    everything = {**dict(instance.machine.deadlines), **idle_clocks(instance.machine), **candidates}
    lemmas = {name: fix_choices(instance, node) for name, node in everything.items()}
    dropped: dict[str, str] = {}
    queries = _drop_initially_false(instance, lemmas, dropped, timeout_ms)
    actions = possible_actions(instance)
    settled: set[str] = set()
    while len(settled) < len(actions):
        for action in actions:
            if action.name in settled:
                continue
            queries += 1
            broken = _broken_by(instance, action, lemmas, timeout_ms)
            if broken:
                settled.clear()
            for name in broken:
                del lemmas[name]
                dropped[name] = action.name
            settled.add(action.name)
    return Inductive(lemmas, dropped, queries, time.perf_counter() - started)


def breaks_step(
    instance: Instance, invariant: Mapping[str, Expr], form: StepForm, timeout_ms: int = 5000
) -> str | None:
    """The name of an action by which a property of steps may be broken where `invariant` holds, or None: it holds."""
    for action in possible_actions(instance):
        if action.name not in form.per_action:
            continue
        name = TICK if action.name == TICK else action.name
        holds = fix_choices(instance, form.per_action[name][0])

        def goal(query: _Query, holds: Expr = holds) -> Any:
            return query.encoder.truth(holds, query.frame, query.bound, holds=False)

        if _satisfiable(instance, action, invariant, goal, timeout_ms) is not None:
            return action.name
    return None


def can_be_tested(
    instance: Instance, invariant: Mapping[str, Expr], form: StateForm | StepForm, timeout_ms: int = 5000
) -> bool:
    """Whether some state (or step) that the invariant allows puts the property to the test."""
    for action in possible_actions(instance):
        tested = form.tested if isinstance(form, StateForm) else form.per_action.get(action.name, (FALSE, FALSE))[1]
        wanted = fix_choices(instance, tested)
        if wanted.op == "lit" and not wanted.payload:
            continue

        def goal(query: _Query, wanted: Expr = wanted) -> Any:
            return query.encoder.truth(wanted, query.frame, query.bound)

        if _satisfiable(instance, action, invariant, goal, timeout_ms) is not None:
            return True
    return False


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


def possible_actions(instance: Instance) -> list[Action]:
    """The actions that the instance's options and hazards allow, with these filled in; ticks are of any length."""
    found = []
    for action in instance.machine.actions:
        general = delayed_tick(instance.machine) if action.name == TICK else action
        guard = fix_choices(instance, general.guard)
        if guard.op != "lit" or guard.payload:
            found.append(Action(general.name, general.arguments, guard, general.post, general.fair, general.hazard))
    return found


def _drop_initially_false(
    instance: Instance, lemmas: dict[str, Expr], dropped: dict[str, str], timeout_ms: int
) -> int:
    for name in list(lemmas):
        encoder = Encoder(instance)
        frame = encoder.frame("0")
        encoder.truth(lemmas[name], frame, {}, holds=False)
        solver = z3.Solver()
        solver.set("timeout", timeout_ms)
        wrong = encoder.truth(lemmas[name], frame, {}, holds=False)
        solver.add(*encoder.known_numbers(), *encoder.initially(frame), *encoder.well_typed(frame), wrong)
        if solver.check() != z3.unsat:
            del lemmas[name]
            dropped[name] = "the initial state"
    return len(lemmas)


def _broken_by(instance: Instance, action: Action, lemmas: Mapping[str, Expr], timeout_ms: int) -> list[str]:
    """The lemmas that some step of `action` breaks although all hold before it (as one model of the solver shows)."""
    later = {name: fix_choices(instance, after(node, action.post)) for name, node in lemmas.items()}
    open_goals = {name: node for name, node in later.items() if node is not lemmas[name]}
    if not open_goals:
        return []

    def goal(query: _Query) -> Any:
        return z3.Or([query.encoder.truth(n, query.frame, query.bound, holds=False) for n in open_goals.values()])

    found = _satisfiable(instance, action, lemmas, goal, timeout_ms)
    if found is None:
        return []
    query, model = found
    return [
        name
        for name, node in open_goals.items()
        if z3.is_true(
            model.eval(query.encoder.truth(node, query.frame, query.bound, holds=False), model_completion=True)
        )
    ]


def _satisfiable(
    instance: Instance,
    action: Action,
    invariant: Mapping[str, Expr],
    goal: Callable[[_Query], Any],
    timeout_ms: int,
) -> tuple[_Query, Any] | None:
    """A model of: the invariant holds, the action can happen, and the goal is true. None if there is none."""
    encoder = Encoder(instance)
    solver = z3.Solver()
    solver.set("timeout", timeout_ms)
    query = _Query(encoder, solver, encoder.frame("0"))
    for argument in action.arguments:
        name, of = str(argument.payload), argument.type
        query.bound[name] = encoder.index_term(name, of.sort) if of.kind == "index" else z3.Real(name)
    guard, wanted = (encoder.truth(action.guard, query.frame, query.bound), goal(query))
    # The first round has made every Skolem constant; only now are all instances of the universal parts known.
    guard, wanted = (encoder.truth(action.guard, query.frame, query.bound), goal(query))
    solver.add(*encoder.known_numbers(), guard, wanted)
    solver.add([encoder.truth(node, query.frame, {}) for node in invariant.values()])
    solver.add(encoder.well_typed(query.frame))
    answer = solver.check()
    if answer == z3.unknown:
        raise UndecidedError(f"{action.name}: {solver.reason_unknown()}")
    return (query, solver.model()) if answer == z3.sat else None


