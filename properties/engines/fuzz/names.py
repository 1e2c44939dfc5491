# SPDX-License-Identifier: Apache-2.0
"""The names under which a system may show something.

A name that is spelt wrong would be compared with nothing, and what it should have shown would go unnoticed.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache

from edgeproof.impl.system import MAY
from edgeproof.model.designs import DESIGNS
from edgeproof.model.machine import DesignError, Machine, Variable
from edgeproof.model.parts import statements

__all__ = ["check_name"]


def check_name(name: str, machine: Machine) -> None:
    """Raise DesignError, with the nearest right name, for one under which the design knows nothing.

    It knows its variables, its definitions, and of each action whether it may happen. The variables of other designs
    of ours are accepted, as one system may be driven as several designs.
    """
    actions = [MAY + action.name for action in machine.actions]
    known = (*machine.variables, *machine.declared.definitions, *actions)
    if name not in known and name not in _elsewhere():
        close = get_close_matches(name, known, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else f"; it has {', '.join(machine.variables)}"
        raise DesignError(f"the system shows {name!r}, which {machine.name} does not declare{hint}")


@cache
def _elsewhere() -> frozenset[str]:
    """The variables of all designs of ours."""
    bodies = [statements(design) for design in DESIGNS.values()]
    return frozenset(name for body in bodies for name, one in body.items() if isinstance(one, Variable))
