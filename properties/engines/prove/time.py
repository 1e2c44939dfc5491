# SPDX-License-Identifier: Apache-2.0
"""A proof that time can always go on: whatever is due can be done at once, and leaves less that is due.

A deadline presses at an element where it would be missed a moment later; time can pass where none presses. So it is
enough that wherever one does, one or two events that are owed a turn end that, and make nothing else press: as there
are finitely many elements, that comes to its end. Nothing is shown of durations of 0, with which what is done may press
at once.

The rule is Alur and Henzinger's for real-time programs (progress past every deadline, 1994), with what presses as rank.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from attrs import frozen

from edgeproof.model.expr import (
    FALSE,
    TIME,
    TRUE,
    Expr,
    all_of,
    any_of,
    for_all,
    implies,
    ite,
    lift,
    rebuild,
    rewrite,
    walk,
)
from edgeproof.model.machine import TICK, Action, Instance, Machine, after
from edgeproof.model.smt import UnencodableError, fix_choices
from edgeproof.properties.engines.prove.induct import Induction, UndecidedError
from edgeproof.properties.engines.prove.known import Known
from edgeproof.properties.engines.prove.solver import WORK
from edgeproof.properties.evidence import Evidence, Verdict
from edgeproof.properties.timelock import TIME_DIVERGES

__all__ = ["time_goes_on"]

_EVENTS: Final = 2
"""How many events may have to follow each other until a deadline presses no more."""


@frozen
class _Deadline:
    """A deadline at the elements that `at` names, and whether it will still be kept a moment later."""

    name: str
    at: tuple[Expr, ...]
    kept: Expr


def time_goes_on(instance: Instance, work: int = WORK, known: Known | None = None) -> Evidence:
    """Whether time can always go on, for any number of elements and all durations above 0; else UNKNOWN.

    `known` is what was proved of the design before, with as much work per question.
    """
    begun = time.perf_counter()
    verdict, bound, reason = Verdict.PROVED, "any number of elements and versions, all durations above 0", ""
    try:
        if stuck := _first_stuck(Induction(instance, {}, work, known or Known())):
            reason = f"no {_EVENTS} events are shown to be enough where {stuck} presses; that is left to the search"
    except (UndecidedError, UnencodableError) as error:
        reason = f"the solver gave up {error}"
    if reason:
        verdict, bound = Verdict.UNKNOWN, ""
    return Evidence(TIME_DIVERGES, "prove", verdict, bound, reason=reason, seconds=time.perf_counter() - begun)


def _first_stuck(anywhere: Induction) -> str:
    """The first deadline that may press although no few events are shown to end that; empty if there is none.

    `anywhere` has no lemma, not even that deadlines are kept: in every state what is due has to be possible.
    """
    deadlines = list(_deadlines(anywhere.instance))
    for one in deadlines:
        if not any(_always_ends(anywhere, deadlines, one, most) for most in range(1, _EVENTS + 1)):
            return one.name
    return ""


def _always_ends(anywhere: Induction, deadlines: Sequence[_Deadline], one: _Deadline, most: int) -> bool:
    """Whether, wherever `one` presses, some run of up to `most` events ends that, and makes no other press."""
    instance, runs = anywhere.instance, list(_runs(anywhere.actions, one, most))
    able = list({action.name: action for run in runs for action in run}.values())
    own = {a: element for action in able for a, element in _its_elements(action, one)}
    ended = rewrite(any_of(_ends(deadlines, one, run) for run in runs), own.get)
    positive = [lift(0, TIME) < Expr("prm", TIME, (), name) for name in instance.of_role("duration")]
    arguments = (*one.at, *(a for action in able for a in action.arguments if a not in own))
    standstill = Action("standstill", arguments, TRUE, {}, False)
    pressing = fix_choices(instance, all_of([*positive, ~one.kept, ~ended]))
    return anywhere.ask(standstill, [pressing], hold=True) is None


def _runs(actions: Sequence[Action], one: _Deadline, most: int) -> Iterator[tuple[Action, ...]]:
    """Runs of events that are owed a turn: each changes what the next needs, the last what the deadline speaks of."""
    fair = [action for action in actions if action.fair and action.name != TICK]
    runs: list[tuple[Action, ...]] = [(action,) for action in fair if not _spoken(one.kept).isdisjoint(action.post)]
    for _ in range(most):
        yield from runs
        runs = [
            (action, *run)
            for run in runs
            for action in fair
            if all(action is not other for other in run) and not _spoken(run[0].guard).isdisjoint(action.post)
        ]


def _spoken(node: Expr) -> set[str]:
    return {part.name for part in walk(node) if part.op == "var"}


def _its_elements(action: Action, one: _Deadline) -> Iterator[tuple[Expr, Expr]]:
    """The arguments of an action that stand for the deadline's elements: the first of each sort."""
    for element in one.at:
        yield from [(a, element) for a in action.arguments if a.type == element.type][:1]


def _ends(deadlines: Sequence[_Deadline], one: _Deadline, run: Sequence[Action]) -> Expr:
    """That a run of events can happen, that `one` presses no more then, and that no other does that did not before."""

    def later(node: Expr) -> Expr:
        for action in reversed(run):
            node = after(node, action.post)
        return node

    happens, changed = TRUE, list[Action]()
    for action in run:
        guard = action.guard
        for earlier in reversed(changed):
            guard = after(guard, earlier.post)
        happens &= guard
        changed.append(action)
    others = [_everywhere(other, later) for other in deadlines if later(other.kept) is not other.kept]
    return all_of([happens, later(one.kept), *others])


def _everywhere(one: _Deadline, later: Callable[[Expr], Expr]) -> Expr:
    """That a deadline presses later only where it does now."""
    said = implies(one.kept, later(one.kept))
    for element in one.at:
        said = _for_each(element, said)
    return said


def _for_each(element: Expr, body: Expr) -> Expr:
    return for_all(element.type, lambda k: rewrite(body, lambda node: k if node is element else None))


def _deadlines(instance: Instance) -> Iterator[_Deadline]:
    for name, condition in instance.machine.deadlines:
        node, at = fix_choices(instance, condition), list[Expr]()
        while node.op == "forall":
            at.append(node.args[0])
            node = node.args[1]
        kept = _a_moment_later(instance.machine, node)
        if kept.op != "lit":
            yield _Deadline(name, tuple(at), fix_choices(instance, kept))


def _a_moment_later(machine: Machine, node: Expr) -> Expr:
    """What a condition is worth after any short enough time."""
    match node.op:
        case "le" | "lt" | "eq":
            return _compared(machine, node)
        case "and" | "or" | "not" | "ite":
            return rebuild(node, tuple(_a_moment_later(machine, child) for child in node.args))
        case "forall" | "exists":
            return rebuild(node, (node.args[0], _a_moment_later(machine, node.args[1])))
    return node


def _compared(machine: Machine, node: Expr) -> Expr:
    """A comparison a moment later: what a clock shows is more by less than anything else can tell, or 0.

    Raises UnencodableError where more than one clock decides, or more than a clock and what is added to it.
    """
    clocks = {clock.name: clock for clock in machine.clocks}
    left, right = node.args
    shown = [(side, at) for side in (left, right) for at in walk(side) if at.op == "var" and at.name in clocks]
    if not shown:
        return node
    side, one = shown[0]
    if len(shown) > 1 or any(at.op not in ("var", "add", "lit", "prm", "arg") for at in walk(side)):
        raise UnencodableError(f"on `{node}`, in which more than a clock and what is added to it decides")
    clock = clocks[one.name]
    runs = rewrite(clock.running, lambda at: one.args[0] if at is clock.bound else None)
    stopped = rewrite(node, lambda at: lift(0, TIME) if at is one else None)
    running = FALSE if node.op == "eq" else left < right if side is left else left <= right
    return ite(runs, running, stopped)
