# SPDX-License-Identifier: Apache-2.0
"""What KV alone costs: a location fetches once per cacheTtl, a change puts the whole config and its changelog entry.

There is no Durable Object to be out of reach; while the control plane falls silent, readers go on as before.
"""

from __future__ import annotations

from typing import Final

from edgeproof.model.expr import NAT, Expr, ite, lift
from edgeproof.model.machine import State
from edgeproof.properties.costs.meter import Costing, Writer

__all__ = ["COSTING"]


def _leaves_the_location(s: State, pop: Expr) -> Expr:
    """One request to KV's centre where the location's cache may not answer."""
    fresh = s.cached[pop] & (s.age[pop] <= s.T)
    return ite(fresh | s.cut[pop], lift(0, NAT), lift(1, NAT))


COSTING: Final = Costing(
    constants={"writing": "in_turn", "Writer": 1, "Pop": 3, "writes": 12, "T": 60},
    hops=_leaves_the_location,
    published=lambda sizes: sizes.config + sizes.change,
    writer=Writer.KV_KEY,
    write=("begin",),
    without="reads as before: there is no Durable Object",
)
