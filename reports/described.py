# SPDX-License-Identifier: Apache-2.0
"""The actions and variables of a design in words: what a system under test performs and shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import frozen

from edgeproof.model.machine import Action, Instance, Machine, Rigid, Variable, specialise
from edgeproof.properties.engines.fuzz.sight import followed

__all__ = ["ActionText", "VariableText", "actions_of", "possible_actions_of", "variables_of"]


@frozen
class ActionText:
    """An action: `arguments` are its names, each with the index sort that it is an element of and what that is.

    `hazard` names the hazard that has to be switched on for it, "" where it is no fault. `says` is what the model says.
    """

    name: str
    arguments: tuple[tuple[str, str, str], ...]
    hazard: str
    says: str


@frozen
class VariableText:
    """A variable: `type` is what its values are, in words, and `initial` the first of them.

    `kept` says that a system need not show it: it is a clock, or what only the observer knows.
    """

    name: str
    type: str
    over: str
    initial: str
    says: str
    kept: bool

    @property
    def shape(self) -> str:
        """What a system shows under its name."""
        return f"a tuple, for each {self.over} {self.type}" if self.over else self.type


def actions_of(machine: Machine) -> Iterator[ActionText]:
    """Every action of a design, in its order."""
    return (_action(machine, one) for one in machine.actions)


def possible_actions_of(instance: Instance) -> Iterator[ActionText]:
    """The actions that a configuration does not rule out by itself."""
    return (_action(instance.machine, one) for one in specialise(instance.machine, instance.values).actions)


def variables_of(machine: Machine) -> Iterator[VariableText]:
    """Every variable of a design, in its order."""
    kept = followed(machine)
    for name, one in machine.variables.items():
        over = _sort(machine, one.over)[0] if one.over else ""
        yield VariableText(name, _type(one), over, _first(one), one.doc, name in kept)


def _action(machine: Machine, one: Action) -> ActionText:
    arguments = tuple((argument.name, *_sort(machine, argument.type.sort)) for argument in one.arguments)
    return ActionText(one.name, arguments, one.hazard, one.doc)


def _sort(machine: Machine, sort: str) -> tuple[str, str]:
    """The name under which a setup gives the size of an index sort, and what the sort is."""
    name = machine.sort_size_name(sort)
    rigid: Rigid = machine.rigids[name]
    return name, rigid.doc


def _type(one: Variable) -> str:
    match one.type.kind:
        case "bool":
            return "True or False"
        case "enum":
            return "one of " + ", ".join(f'"{label}"' for label in one.type.labels)
        case "time":
            return "a clock, in ticks"
    return f"a whole number from 0 to {one.limit}"


def _first(one: Variable) -> str:
    first: Any = one.initial
    if first is None:
        return "any"
    return f'"{first}"' if isinstance(first, str) else str(first)
