# SPDX-License-Identifier: Apache-2.0
"""Mutants of a design: the machine with one small mistake, of every kind that one makes in writing it down.

What a design's text says once is changed once: where one expression stands in several assignments of an action, all of
them change together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from attrs import evolve, frozen

from edgeproof.model.declare import TICK, Variable
from edgeproof.model.expr import FALSE, TRUE, Expr, rebuild
from edgeproof.model.post import Each, Post, Store
from edgeproof.model.read import passing_of_time
from edgeproof.model.structure import Action, Clock, Machine
from edgeproof.properties.mutation.operators import edits

__all__ = ["Mutant", "mutants"]


@frozen
class Mutant:
    """A design with one mistake: its `name` is made of where it is and which it is, `says` tells it in words.

    `action` is the one that is other than in the design: `tick` where time passes otherwise, "" where it begins
    otherwise.
    """

    name: str
    action: str
    operator: str
    says: str
    machine: Machine


def mutants(machine: Machine) -> tuple[Mutant, ...]:
    """Every mutant of a design, in the order of its text; names are unique."""
    found: list[Mutant] = []
    taken: dict[str, int] = {}
    for where, action, operator, says, changed in _changes(machine):
        place = f"{where}.{operator}"
        taken[place] = taken.get(place, 0) + 1
        found.append(Mutant(f"{place}.{taken[place]}", action, operator, says, changed))
    return tuple(found)


def _changes(machine: Machine) -> Iterator[tuple[str, str, str, str, Machine]]:
    for position, action in enumerate(machine.actions):
        if action.name == TICK:
            continue
        for operator, says, mutated in _of_action(action, machine):
            actions = (*machine.actions[:position], mutated, *machine.actions[position + 1 :])
            yield action.name, action.name, operator, says, evolve(machine, actions=actions)
    for position, (name, condition) in enumerate(machine.deadlines):
        before, rest = machine.deadlines[:position], machine.deadlines[position + 1 :]
        overtaken = _timed(evolve(machine, deadlines=(*before, *rest)))
        yield name, TICK, "no-deadline", f"time may overtake {name}", overtaken
        for operator, says, changed in _of_expression(condition, machine):
            yield name, TICK, operator, says, _timed(evolve(machine, deadlines=(*before, (name, changed), *rest)))
    for position, clock in enumerate(machine.clocks):
        for operator, says, running in _of_clock(clock):
            clocks = (*machine.clocks[:position], evolve(clock, running=running), *machine.clocks[position + 1 :])
            yield clock.name, TICK, operator, says, _timed(evolve(machine, clocks=clocks))
    for name, variable in machine.variables.items():
        for initial in _other_beginnings(variable):
            variables = {**machine.variables, name: evolve(variable, initial=initial)}
            declared = evolve(machine.declared, variables=variables)
            yield name, "", "initial", f"{name} is {initial} at first", evolve(machine, declared=declared)


def _timed(machine: Machine) -> Machine:
    """The machine with time passing as its clocks and deadlines have it now."""
    actions = (passing_of_time(machine) if one.name == TICK else one for one in machine.actions)
    return evolve(machine, actions=tuple(actions))


def _of_action(action: Action, machine: Machine) -> Iterator[tuple[str, str, Action]]:
    fairness = "not owed a turn" if action.fair else "owed a turn"
    if not action.hazard:
        yield "fairness", f"{action.name} is {fairness}", evolve(action, fair=not action.fair)
    if action.guard.op != "lit":
        if action.guard.op != "and":
            yield "guard", f"{action.name} may always happen", evolve(action, guard=TRUE)
    for name in action.post:
        for says, post in _dropped(action.post, name):
            yield "update", f"{action.name} leaves {says}", evolve(action, post=post)
    for node in _nodes(action):
        for operator, says, other in edits(node, machine, action.hazard):
            yield operator, f"{action.name}: {says}", _replaced(action, node, other)
    yield "impossible", f"{action.name} never happens", evolve(action, guard=FALSE)


def _dropped(post: Post, name: str) -> Iterator[tuple[str, Post]]:
    """The assignments without one: that to a variable, or one of several to an array."""
    change = post[name]
    if isinstance(change, Expr) or len(change) == 1:
        yield f"{name} as it is", {n: c for n, c in post.items() if n != name}
    else:
        for gone in range(len(change)):
            yield f"{name} without its assignment {gone + 1}", {**post, name: change[:gone] + change[gone + 1 :]}


def _nodes(action: Action) -> tuple[Expr, ...]:
    """Every node of an action's expressions, once, in the order of its text."""
    roots = [action.guard]
    for change in action.post.values():
        roots += [change] if isinstance(change, Expr) else [part for one in change for part in _parts(one)]
    return _each_once(roots)


def _parts(update: Store | Each) -> tuple[Expr, ...]:
    return (update.index, update.value) if isinstance(update, Store) else (update.value,)


def _each_once(roots: Iterable[Expr]) -> tuple[Expr, ...]:
    seen: dict[int, Expr] = {}
    waiting = [*roots][::-1]
    while waiting:
        node = waiting.pop()
        if id(node) not in seen:
            seen[id(node)] = node
            waiting.extend(node.args[::-1])
    return tuple(seen.values())


def _of_expression(root: Expr, machine: Machine) -> Iterator[tuple[str, str, Expr]]:
    for node in _each_once([root]):
        for operator, says, other in edits(node, machine):
            yield operator, says, _with(root, node, other, {})


def _of_clock(clock: Clock) -> Iterator[tuple[str, str, Expr]]:
    if clock.running.op != "lit":
        yield "clock", f"{clock.name} always runs", TRUE
    yield "clock", f"{clock.name} never runs", FALSE


def _other_beginnings(variable: Variable) -> Iterator[int | str | bool]:
    match variable.type.kind, variable.initial:
        case "bool", bool(initial):
            yield not initial
        case "nat", int(initial):
            yield initial + 1
        case "enum", str(initial):
            labels = variable.type.labels
            yield labels[(labels.index(initial) + 1) % len(labels)]


def _replaced(action: Action, node: Expr, other: Expr) -> Action:
    done: dict[int, Expr] = {}

    def new(root: Expr) -> Expr:
        return _with(root, node, other, done)

    post: dict[str, Any] = {}
    for name, change in action.post.items():
        post[name] = new(change) if isinstance(change, Expr) else tuple(_changed(one, new) for one in change)
    return evolve(action, guard=new(action.guard), post=post)


def _changed(update: Store | Each, new: Any) -> Store | Each:
    if isinstance(update, Store):
        return Store(new(update.index), new(update.value))
    return evolve(update, value=new(update.value))


def _with(root: Expr, node: Expr, other: Expr, done: dict[int, Expr]) -> Expr:
    """The tree with a node replaced wherever it stands."""
    if root is node:
        return other
    if id(root) not in done:
        args = tuple(_with(child, node, other, done) for child in root.args)
        same = all(new is old for new, old in zip(args, root.args, strict=True))
        done[id(root)] = root if same else rebuild(root, args)
    return done[id(root)]
