# SPDX-License-Identifier: Apache-2.0
"""What a feature flag costs: a location fetches its app once per cacheTtl, a change publishes all the app's flags."""

from __future__ import annotations

from typing import Final

from edgeproof.model.expr import NAT, Expr, ite, lift
from edgeproof.model.machine import State
from edgeproof.properties.costs.meter import Costing, Writer

__all__ = ["COSTING"]


def _leaves_the_location(s: State, pop: Expr) -> Expr:
    """One request to KV's centre where the location's cache may not answer."""
    return ite(s.cached[pop] & (s.age[pop] <= s.T), lift(0, NAT), lift(1, NAT))


COSTING: Final = Costing(
    constants={"Pop": 3, "writes": 12, "T": 60},
    hops=_leaves_the_location,
    published=lambda sizes: sizes.config,
    writer=Writer.OBJECT,
    write=("edit", "raise_draft", "save"),
    without="the last flags, for ever",
)
