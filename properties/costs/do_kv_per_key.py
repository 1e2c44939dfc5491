# SPDX-License-Identifier: Apache-2.0
"""What a key per flag costs: a location fetches every key once per cacheTtl.

The run on the model and on the code has a config of two flags, so a config of n flags costs n/2 times as many requests.
A change publishes every key: the publisher keeps no note of what it has put. One that did would put the changed key
alone, and leave readers with even more mixtures.
"""

from __future__ import annotations

from typing import Final

from edgeproof.model.expr import NAT, Expr, ite, lift
from edgeproof.model.machine import State
from edgeproof.properties.costs.meter import Costing, Writer

__all__ = ["COSTING"]


def _leaves_the_location(s: State, pop: Expr) -> Expr:
    """One request per flag whose key the location's cache may not answer for; it gives up at the first without."""
    nothing, once = lift(0, NAT), lift(1, NAT)
    first = (s.cache_first[pop] > 0) & (s.age_first[pop] <= s.T)
    second = (s.cache_second[pop] > 0) & (s.age_second[pop] <= s.T)
    both = ite(first, nothing, once) + ite(second, nothing, once)
    return ite(s.cut[pop], nothing, both)


COSTING: Final = Costing(
    constants={"Pop": 3, "writes": 12, "T": 60},
    hops=_leaves_the_location,
    published=lambda sizes: sizes.config,
    writer=Writer.OBJECT,
    without="the last config, for ever",
)
