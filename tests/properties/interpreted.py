# SPDX-License-Identifier: Apache-2.0
"""Systems under test that are a design itself, run by the interpreter: one that is honest, and one that is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import define, field

from edgeproof.impl.system import Observation, Setup
from edgeproof.model.interpret import Event, apply, initial_states
from edgeproof.model.machine import Instance, Machine

__all__ = ["Interpreted", "Lying"]


@define
class Interpreted:
    """Does what the interpreter says, and shows every variable but clocks."""

    machine: Machine
    instance: Instance = field(init=False)
    state: dict[str, Any] = field(init=False)
    performed: int = 0

    def start(self, setup: Setup) -> None:
        hazards = dict.fromkeys(setup.hazards, True)
        self.instance = Instance.of(self.machine, **setup.options, **hazards, **setup.numbers, **setup.sizes)
        self.state = next(initial_states(self.instance))
        self.performed = 0

    def perform(self, action: str, arguments: Mapping[str, int]) -> None:
        self.state = apply(self.instance, self.state, Event(action, tuple(arguments.items())))
        self.performed += 1

    def observe(self) -> Observation:
        variables = self.machine.variables
        return {name: value for name, value in self.state.items() if variables[name].type.kind != "time"}

    def close(self) -> None:
        pass


class Lying(Interpreted):
    """The same, but once something has happened it shows one variable as it is not."""

    def observe(self) -> Observation:
        seen = dict(super().observe())
        if self.performed:
            name = next(iter(seen))
            seen[name] = _another(seen[name], self.machine.variables[name].type.labels)
        return seen


def _another(value: Any, labels: tuple[str, ...]) -> Any:
    if isinstance(value, tuple):
        return (_another(value[0], labels), *value[1:])
    if isinstance(value, str):
        return next(label for label in labels if label != value)
    return not value if isinstance(value, bool) else value + 1
