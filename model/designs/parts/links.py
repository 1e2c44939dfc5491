# SPDX-License-Identifier: Apache-2.0
"""A part: locations that may be cut off from what they read."""

from __future__ import annotations

from edgeproof.model.designs.parts.locations import Locations
from edgeproof.model.expr import Expr
from edgeproof.model.machine import State, action, boolean, hazard

__all__ = ["Links"]


class Links(Locations):
    """A link per location, which may break and heal."""

    cut = boolean(over=Locations.Pop, doc="the location cannot reach what it reads from")

    @hazard(pop=Locations.Pop)
    def partition(s: State, pop: Expr) -> None:
        """A POP is cut off from what it reads."""
        s.require(~s.cut[pop])
        s.cut[pop] = True

    @action(pop=Locations.Pop)
    def heal(s: State, pop: Expr) -> None:
        """A POP that was cut off reaches what it reads again."""
        s.require(s.cut[pop])
        s.cut[pop] = False
