# SPDX-License-Identifier: Apache-2.0
"""What a store goes through before the power goes: runs of the model, the shortest ones first, and long ones by chance.

Steps that can never make a difference to the storage are left out, such as what is read at the edge.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from random import Random
from typing import Any, Final, TypeAlias

from edgeproof.model.expr import Expr, walk
from edgeproof.model.interpret import Event, State, Value, successors
from edgeproof.model.machine import TICK, Action, Instance, Machine
from edgeproof.model.post import Store

__all__ = ["Workload", "long_run", "shortest_runs", "touching"]

Workload: TypeAlias = tuple[Event, ...]

_SELDOM: Final = 0.15
"""How often a long run takes a fault, or lets time pass, where something else is possible."""


def touching(machine: Machine, names: Collection[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    """The variables that can make a difference to these, these included, and the actions that change any of them."""
    about = set(names)
    while True:
        actions = [one for one in machine.actions if about & one.post.keys()]
        more = {name for one in actions for name in _read_by(one, about)} - about
        if not more:
            return frozenset(about), tuple(one.name for one in actions)
        about |= more


def shortest_runs(
    instance: Instance, first: State, about: Collection[str], actions: Collection[str]
) -> Iterator[Workload]:
    """Runs from the `first` state by these actions, the empty one first: one to each different step, by the shortest
    way. Steps differ that begin in states which differ in the variables of `about`.
    """
    horizon = 1 + sum(int(value) for value in instance.of_role("duration").values())
    clocks = {one.name for one in instance.machine.clocks}
    names = [name for name in instance.machine.variables if name in about]

    def key(state: State) -> tuple[Value, ...]:
        return tuple(_no_later(state[name], horizon) if name in clocks else state[name] for name in names)

    yield ()
    seen = {key(first)}
    level: list[tuple[Workload, State]] = [((), first)]
    while level:
        further: list[tuple[Workload, State]] = []
        for run, state in level:
            for event, after in successors(instance, state, actions):
                yield (*run, event)
                if key(after) not in seen:
                    seen.add(key(after))
                    further.append(((*run, event), after))
        level = further


def long_run(instance: Instance, first: State, actions: Collection[str], steps: int, dice: Random) -> Workload:
    """A run of at most so many steps, which lets time pass, and faults strike, now and then."""
    seldom = {one.name for one in instance.machine.actions if one.hazard} | {TICK}
    run: list[Event] = []
    state = first
    for _ in range(steps):
        possible = list(successors(instance, state, actions))
        often = [one for one in possible if one[0].action not in seldom]
        if not possible:
            break
        event, state = dice.choice(often if often and dice.random() > _SELDOM else possible)
        run.append(event)
    return tuple(run)


def _read_by(action: Action, about: Collection[str]) -> Iterator[str]:
    """The variables that decide whether an action can happen, and what it makes of those that it is asked for."""
    expressions = [action.guard]
    for name, change in action.post.items():
        if name in about:
            expressions += [change] if isinstance(change, Expr) else [part for one in change for part in _parts(one)]
    for expression in expressions:
        yield from (node.name for node in walk(expression) if node.op == "var")


def _parts(change: object) -> list[Expr]:
    return [change.index, change.value] if isinstance(change, Store) else [change.value]  # type: ignore[attr-defined]


def _no_later(time: Any, horizon: int) -> Value:
    """Beyond every duration one time is as good as another."""
    return tuple(min(one, horizon) for one in time) if isinstance(time, tuple) else min(time, horizon)
