# SPDX-License-Identifier: Apache-2.0
"""What the regional tier costs: where a location's copy has expired it asks its region, and that perhaps the centre."""

from __future__ import annotations

from typing import Final

from attrs import evolve

from edgeproof.model.expr import NAT, Expr, ite, lift
from edgeproof.model.machine import State
from edgeproof.properties.costs import do_kv
from edgeproof.properties.costs.meter import Costing

__all__ = ["COSTING"]


def _leaves_the_location(s: State, pop: Expr) -> Expr:
    """The requests to the region, and the region's to the centre."""
    fresh = s.region_cached & (s.region_age <= s.G)
    asked = do_kv.leaves_the_location(s, pop)
    return asked + ite(fresh, lift(0, NAT), asked)


COSTING: Final[Costing] = evolve(
    do_kv.COSTING, constants={**do_kv.COSTING.constants, "G": 60}, hops=_leaves_the_location
)
