# SPDX-License-Identifier: Apache-2.0
"""What parts and a manifest cost: a location fetches the manifest once per cacheTtl, an isolate a part once per change.

The run on the model and on the code follows one part and counts it. A change publishes the parts that it touches and
the manifest, which names every part.
"""

from __future__ import annotations

from typing import Final

from edgeproof.model.expr import NAT, Expr, ite, lift
from edgeproof.model.machine import State
from edgeproof.properties.costs.meter import Costing, Sizes, Writer

__all__ = ["COSTING", "leaves_the_location"]

_NAME: Final = 67
"""Bytes of a part's name in a manifest: 64 hexadecimal digits, quotation marks and a comma."""


def leaves_the_location(s: State, pop: Expr) -> Expr:
    """A request for the manifest where the location's cache may not answer, then one for a part that is not held."""
    nothing, once = lift(0, NAT), lift(1, NAT)
    fresh = s.cached[pop] & (s.age[pop] <= s.T)
    asks = s.pointed[pop] & ~s.held[pop] & ~s.cut[pop]
    return ite(s.following[pop], ite(asks, once, nothing), ite(fresh | s.cut[pop], nothing, once))


def _published(sizes: Sizes) -> int:
    """The part that the change is in, and the manifest."""
    names = -(-sizes.config // sizes.part)
    return sizes.part + _NAME * names


COSTING: Final = Costing(
    constants={"Pop": 3, "writes": 12, "T": 60, "isolate": "keeps"},
    hops=leaves_the_location,
    published=_published,
    writer=Writer.OBJECT,
    reads=("lookup", "read"),
    without="the last config, for ever",
)
