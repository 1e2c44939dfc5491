# SPDX-License-Identifier: Apache-2.0
"""What the pattern costs: a location fetches once per cacheTtl, a change publishes the whole config."""

from __future__ import annotations

from typing import Final

from edgeproof.model.expr import NAT, Expr, ite, lift
from edgeproof.model.machine import State
from edgeproof.properties.costs.meter import Costing, Writer

__all__ = ["COSTING", "leaves_the_location"]


def leaves_the_location(s: State, pop: Expr) -> Expr:
    """One request to KV's centre where neither the isolate nor the location's cache may answer."""
    memo = (s.reader == "memo") & s.loaded[pop] & (s.memo_age[pop] <= s.M)
    fresh = s.cached[pop] & (s.age[pop] <= s.T)
    return ite(memo | fresh | s.cut[pop], lift(0, NAT), lift(1, NAT))


COSTING: Final = Costing(
    constants={"Put": 1, "Pop": 3, "writes": 12, "T": 60},
    hops=leaves_the_location,
    published=lambda sizes: sizes.config,
    writer=Writer.OBJECT,
    without="the last config, for ever",
)
