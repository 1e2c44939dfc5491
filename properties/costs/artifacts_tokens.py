# SPDX-License-Identifier: Apache-2.0
"""What tokens in KV cost: a location looks two keys up once per cacheTtl, a change publishes the repo's tokens.

The run follows the fetches with one token. Its config is the repo's table of tokens, and a token costs some 300 bytes
in KV. While the Durable Object is out of reach fetches go on, and pushes cannot.
"""

from __future__ import annotations

from typing import Final

from edgeproof.model.expr import NAT, Expr, ite, lift
from edgeproof.model.machine import State
from edgeproof.properties.costs.meter import Costing, Writer

__all__ = ["COSTING", "leaves_the_location"]


def leaves_the_location(s: State, pop: Expr) -> Expr:
    """A request for the token's key, and one for its mark, where the location's cache may not answer."""
    nothing, once = lift(0, NAT), lift(1, NAT)
    token = ite(s.cached[pop] & (s.age[pop] <= s.T), nothing, once)
    unmarked = s.unmarked[pop] & (s.unmarked_for[pop] <= s.T)
    return token + ite((s.revoke != "mark") | unmarked, nothing, once)


COSTING: Final = Costing(
    constants={"revoke": "mark", "margin": "on", "negative_cache": True, "Pop": 3, "T": 60, "L": 3600},
    hops=leaves_the_location,
    published=lambda sizes: sizes.config,
    writer=Writer.OBJECT,
    write=("mint_read", "change_another"),
    reads=("fetch",),
    without="fetches as before, no pushes, and no revocation",
)
