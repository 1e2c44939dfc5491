# SPDX-License-Identifier: Apache-2.0
"""Mutants of a design: the machine with one small mistake, of every kind that one makes in writing it down.

What a design's text says once is changed once: where one expression stands in several assignments of an action, all of
them change together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
    otherwise. `where` names the action, deadline, clock or variable whose text is edited, and `around` has what stands
    around a single name or value, or what is left out, so that the edit is told from others of the same words.
    """

    name: str
    action: str
    operator: str
    says: str
    machine: Machine
    where: str
    around: str


def mutants(machine: Machine) -> tuple[Mutant, ...]:
    """Every mutant of a design, in the order of its text; names are unique."""
    found: list[Mutant] = []
    taken: dict[str, int] = {}
    for where, action, edit, changed in _changes(machine):
        place = f"{where}.{edit.operator}"
        taken[place] = taken.get(place, 0) + 1
        name = f"{place}.{taken[place]}"
        found.append(Mutant(name, action, edit.operator, edit.says, changed, where, edit.around))
    return tuple(found)


@frozen
class _Edit:
    """Which kind of mistake, in words, and what it is made in."""

    operator: str
    says: str
    around: str = ""


def _changes(machine: Machine) -> Iterator[tuple[str, str, _Edit, Machine]]:
    for position, action in enumerate(machine.actions):
        if action.name == TICK:
            continue
        for edit, mutated in _of_action(action, machine):
            actions = (*machine.actions[:position], mutated, *machine.actions[position + 1 :])
            yield action.name, action.name, edit, evolve(machine, actions=actions)
    for position, (name, condition) in enumerate(machine.deadlines):
        before, rest = machine.deadlines[:position], machine.deadlines[position + 1 :]
        overtaken = _timed(evolve(machine, deadlines=(*before, *rest)))
        yield name, TICK, _Edit("no-deadline", f"time may overtake {name}", str(condition)), overtaken
        for edit, changed in _of_expression(condition, machine):
            yield name, TICK, edit, _timed(evolve(machine, deadlines=(*before, (name, changed), *rest)))
    for position, clock in enumerate(machine.clocks):
        for edit, running in _of_clock(clock):
            clocks = (*machine.clocks[:position], evolve(clock, running=running), *machine.clocks[position + 1 :])
            yield clock.name, TICK, edit, _timed(evolve(machine, clocks=clocks))
    for name, variable in machine.variables.items():
        for initial in _other_beginnings(variable):
            variables = {**machine.variables, name: evolve(variable, initial=initial)}
            declared = evolve(machine.declared, variables=variables)
            edit = _Edit("initial", f"{name} is {initial} at first", str(variable.initial))
            yield name, "", edit, evolve(machine, declared=declared)


def _timed(machine: Machine) -> Machine:
    """The machine with time passing as its clocks and deadlines have it now."""
    actions = (passing_of_time(machine) if one.name == TICK else one for one in machine.actions)
    return evolve(machine, actions=tuple(actions))


def _of_action(action: Action, machine: Machine) -> Iterator[tuple[_Edit, Action]]:
    fairness = "not owed a turn" if action.fair else "owed a turn"
    if not action.hazard:
        yield _Edit("fairness", f"{action.name} is {fairness}"), evolve(action, fair=not action.fair)
    if action.guard.op != "lit":
        if action.guard.op != "and":
            edit = _Edit("guard", f"{action.name} may always happen", str(action.guard))
            yield edit, evolve(action, guard=TRUE)
    for name in action.post:
        for says, gone, post in _dropped(action.post, name):
            yield _Edit("update", f"{action.name} leaves {says}", gone), evolve(action, post=post)
    nodes = _nodes(action)
    around = _around(nodes)
    for node in nodes:
        for operator, says, other in edits(node, machine, action.hazard):
            edit = _Edit(operator, f"{action.name}: {says}", around.get(id(node), ""))
            yield edit, _replaced(action, node, other)
    yield _Edit("impossible", f"{action.name} never happens"), evolve(action, guard=FALSE)


def _dropped(post: Post, name: str) -> Iterator[tuple[str, str, Post]]:
    """The assignments without one, and that one: to a variable, or one of several to an array."""
    change = post[name]
    if isinstance(change, Expr) or len(change) == 1:
        yield f"{name} as it is", str(change), {n: c for n, c in post.items() if n != name}
    else:
        for gone, one in enumerate(change):
            rest = {**post, name: change[:gone] + change[gone + 1 :]}
            yield f"{name} without its assignment {gone + 1}", str(one), rest


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


def _around(nodes: Iterable[Expr]) -> Mapping[int, str]:
    """What stands around each single name or value, by the node's id."""
    found: dict[int, set[str]] = {}
    for node in nodes:
        for child in node.args:
            if not child.args:
                found.setdefault(id(child), set()).add(str(node))
    return {one: " and ".join(sorted(places)) for one, places in found.items()}


def _of_expression(root: Expr, machine: Machine) -> Iterator[tuple[_Edit, Expr]]:
    nodes = _each_once([root])
    around = _around(nodes)
    for node in nodes:
        for operator, says, other in edits(node, machine):
            yield _Edit(operator, says, around.get(id(node), "")), _with(root, node, other, {})


def _of_clock(clock: Clock) -> Iterator[tuple[_Edit, Expr]]:
    if clock.running.op != "lit":
        yield _Edit("clock", f"{clock.name} always runs", str(clock.running)), TRUE
    yield _Edit("clock", f"{clock.name} never runs", str(clock.running)), FALSE


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
