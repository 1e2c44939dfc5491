# SPDX-License-Identifier: Apache-2.0
"""Every configuration of a design that differs from its first case in one choice and one hazard.

Nothing is expected of these: nobody has promised or denied anything of most of them. They show what a single choice
changes, and under which fault.
"""

from __future__ import annotations

from collections.abc import Iterator

from edgeproof.model.designs import load
from edgeproof.model.machine import Instance, Machine
from edgeproof.properties.cases import scoreboard
from edgeproof.properties.catalogue import applicable
from edgeproof.properties.designs.dossier import Constants
from edgeproof.properties.evidence import Case

__all__ = ["variations"]


def variations(design: str) -> tuple[Case, ...]:
    """The cases, named by what they change, such as `do_kv publisher=inline crash`; the unchanged one comes first.

    Raises DesignError for a design without a scoreboard.
    """
    machine, first = load(design), scoreboard(design)[0]
    cases = []
    for choice in _choices(machine, first.constants):
        for hazard in ("", *(name for name, rigid in machine.rigids.items() if rigid.role == "hazard")):
            constants = {**first.constants, **choice, **({hazard: True} if hazard else {})}
            said = [f"{name}={value}" for name, value in choice.items()] + [hazard] * bool(hazard)
            ids = applicable(Instance.of(machine, **constants))
            cases.append(Case(" ".join((design, *said)), design, constants, ids))
    return tuple(cases)


def _choices(machine: Machine, constants: Constants) -> Iterator[dict[str, str]]:
    """No other choice, then each option's other choices."""
    yield {}
    for name, rigid in machine.rigids.items():
        if rigid.role == "option":
            usual = constants.get(name, rigid.default)
            yield from ({name: choice} for choice in rigid.type.labels if choice != usual)
