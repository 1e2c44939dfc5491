# SPDX-License-Identifier: Apache-2.0
"""Locations that may be cut off from what they read, for designs to derive from."""

from __future__ import annotations

from edgeproof.model.expr import Expr
from edgeproof.model.machine import Design, State, action, boolean, hazard, index_sort

__all__ = ["Links"]


class Links(Design):
    """A link per location, which may break and heal."""

    Pop = index_sort(
        "Pop", 2, "locations; each has an isolate that evaluates requests, and its cache where there is KV"
    )

    cut = boolean(over=Pop, doc="the location cannot reach what it reads from")

    @hazard(pop=Pop)
    def partition(s: State, pop: Expr) -> None:
        """A POP is cut off from what it reads."""
        s.require(~s.cut[pop])
        s.cut[pop] = True

    @action(pop=Pop)
    def heal(s: State, pop: Expr) -> None:
        """A POP that was cut off reaches what it reads again."""
        s.require(s.cut[pop])
        s.cut[pop] = False
