# SPDX-License-Identifier: Apache-2.0
"""What a system has to show, and to be able to do, for a run on it to say anything about a property.

A property speaks of variables; all of them must be shown. Two kinds are known without being shown. Clocks, since
time is the suite's. And what the observer keeps for itself: a choice that nothing in the design ever sets, and what
follows that choice and is read by nothing else (auxiliary variables: Owicki and Gries 1976). For these it is what sets
and resets them that must be shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Final

from attrs import evolve, frozen

from edgeproof.model.expr import FALSE, Expr, Type, walk
from edgeproof.model.kernel import StepForm
from edgeproof.model.machine import Instance, Machine
from edgeproof.model.post import Each, Post, Store, fill_in
from edgeproof.properties.catalogue import Property, state_form, step_form

__all__ = ["AFTER", "Needs", "followed", "in_own_words", "needs", "not_judged", "said_of", "withheld"]

AFTER: Final = "'"
"""Marks the names of the state after a step."""


@frozen
class Needs:
    """What a property needs: variables to be shown, and actions that change what it speaks of; both in order."""

    variables: tuple[str, ...]
    actions: tuple[str, ...]


def needs(instance: Instance, one: Property) -> Needs:
    """What must be shown and done to judge a property by runs of a system."""
    machine = instance.specialised
    aside, sources = followed(machine), _sources(machine)
    tested = _tested_actions(instance, machine, one)
    spoken = _spoken_of(instance, machine, one, tested)
    reached: dict[str, None] = {}
    waiting = list(spoken)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached[name] = None
            waiting += sources[name] if name in aside else ()
    about = {action.name for action in machine.actions if spoken & action.post.keys()} | tested
    return Needs(
        tuple(name for name in machine.variables if name in reached and name not in aside),
        tuple(action.name for action in machine.actions if action.name in about),
    )


def not_judged(instance: Instance, one: Property, shown: Collection[str], impossible: Collection[str] = ()) -> str:
    """Why runs on a system that shows these names, and cannot perform these actions, do not judge it; or ""."""
    return said_of(withheld(instance, one, shown, impossible))


def said_of(lacking: Needs) -> str:
    """What a system withholds, in words; "" for nothing."""
    said = [f"the system does not show {', '.join(lacking.variables)}"] if lacking.variables else []
    said += [f"the system cannot perform {', '.join(lacking.actions)}"] if lacking.actions else []
    return "; ".join(said)


def withheld(instance: Instance, one: Property, shown: Collection[str], impossible: Collection[str] = ()) -> Needs:
    """What the property needs of a system that shows these names and cannot perform these actions, and does not get."""
    unseen = {name for name in instance.machine.variables if name not in shown}
    if unseen <= followed(instance.machine) and not impossible:
        return Needs((), ())
    need = needs(instance, one)
    return Needs(
        tuple(name for name in need.variables if name not in shown),
        tuple(name for name in need.actions if name in impossible),
    )


@lru_cache(maxsize=64)
def followed(machine: Machine) -> frozenset[str]:
    """The variables that need not be shown: clocks, the observer's free choices, and what only follows those."""
    choices = _free_choices(machine)
    sources = _sources(machine)
    after = set(choices)
    while more := {name for name in machine.variables if name not in after and after & set(sources[name])}:
        after |= more
    decided = {name for action in machine.actions for name in _variables(action.guard)}
    decided |= {name for _, condition in machine.deadlines for name in _variables(condition)}
    kept = after - decided
    # What something outside reads is part of the system's story, not the observer's.
    while read := {name for other in machine.variables if other not in kept for name in sources[other]} & kept:
        kept -= read
    return frozenset(kept | {clock.name for clock in machine.clocks})


def _free_choices(machine: Machine) -> list[str]:
    assigned = {name for action in machine.actions for name in action.post}
    return [name for name, one in machine.variables.items() if one.initial is None and name not in assigned]


@lru_cache(maxsize=64)
def _sources(machine: Machine) -> dict[str, tuple[str, ...]]:
    """For every variable the others that its new value may depend on, in whichever action sets it."""
    found: dict[str, dict[str, None]] = {name: {} for name in machine.variables}
    for action in machine.actions:
        for name, change in action.post.items():
            for expression in _changes(change):
                found[name].update(dict.fromkeys(_variables(expression)))
    for clock in machine.clocks:
        found[clock.name].update(dict.fromkeys(_variables(clock.running)))
    return {name: tuple(other for other in others if other != name) for name, others in found.items()}


def _changes(change: object) -> Iterable[Expr]:
    if isinstance(change, Expr):
        return (change,)
    assert isinstance(change, tuple)
    return [part for one in change for part in ((one.index, one.value) if isinstance(one, Store) else (one.value,))]


def _tested_actions(instance: Instance, machine: Machine, one: Property) -> set[str]:
    """The actions whose steps put a property of steps to the test."""
    if one.step is None:
        return set()
    pairs = step_form(machine, one).per_action
    return {name for name, (_, tested) in pairs.items() if fill_in(tested, instance.values) is not FALSE}


def _spoken_of(instance: Instance, machine: Machine, one: Property, tested: set[str]) -> set[str]:
    """The variables in a property's own words: not those by which an action computes what it leaves behind."""
    if one.step is None:
        form = state_form(machine, one)
        said = [form.holds, form.tested]
    else:
        pairs = in_own_words(machine, one).per_action
        said = [part for name in tested if name in pairs for part in pairs[name]]
    names = {name for part in said for name in _variables(fill_in(part, instance.values))}
    return {name.removesuffix(AFTER) for name in names}


def in_own_words(machine: Machine, one: Property) -> StepForm:
    """The form of a property of steps in which the state after a step is not computed: its names end in `AFTER`."""
    later = evolve(machine, actions=tuple(evolve(a, post=_itself(machine)) for a in machine.actions))
    return step_form(later, one)


def _itself(machine: Machine) -> Post:
    post: dict[str, Expr | tuple[Store | Each, ...]] = {}
    for name, variable in machine.variables.items():
        if variable.over:
            bound = Expr("arg", Type("index", sort=variable.over), (), f"after {variable.over}")
            post[name] = (Each(bound, Expr("var", variable.type, (bound,), name + AFTER)),)
        else:
            post[name] = Expr("var", variable.type, (), name + AFTER)
    return post


def _variables(expression: Expr) -> list[str]:
    return [node.name for node in walk(expression) if node.op == "var"]
