# SPDX-License-Identifier: Apache-2.0
"""What it costs to have no copies: every read is a request to the Durable Object, and none has an answer without it."""

from __future__ import annotations

from typing import Final

from edgeproof.model.expr import NAT, Expr, ite, lift
from edgeproof.model.machine import State
from edgeproof.properties.costs.meter import Costing, Writer

__all__ = ["COSTING"]


def _leaves_the_location(s: State, pop: Expr) -> Expr:
    """Every read, unless the location cannot send anything."""
    return ite(s.cut[pop], lift(0, NAT), lift(1, NAT))


COSTING: Final = Costing(
    constants={"crash": True, "Pop": 3, "writes": 12},
    hops=_leaves_the_location,
    published=lambda sizes: 0,
    writer=Writer.OBJECT_THAT_READS_ASK,
    outage=("crash",),
    without="nothing",
)
