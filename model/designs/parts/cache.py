# SPDX-License-Identifier: Apache-2.0
"""A part: the cache of a location, through which it reads KV.

A design says what a copy is (`cache`, and whatever else goes with it) and when it is asked for; `take` puts it there.
"""

from __future__ import annotations

from edgeproof.model.designs.parts.locations import Locations
from edgeproof.model.expr import Expr
from edgeproof.model.machine import State, boolean, clock, definition, duration, hazard_mode

__all__ = ["Cache", "KvCache", "take"]


class Cache(Locations):
    """A copy per location, which it serves for a while without asking anybody."""

    T = duration(1, "cacheTtl: how long a location serves its cached copy")

    cached = boolean(over=Locations.Pop, doc="the location has a copy, or has cached that there is nothing")
    age = clock(over=Locations.Pop, while_=lambda s, p: s.cached[p], doc="since the cached copy was fetched")

    @definition(pop=Locations.Pop)
    def fresh(s: State, pop: Expr) -> Expr:
        """The location serves its copy without asking."""
        return s.cached[pop] & (s.age[pop] <= s.T)


class KvCache(Cache):
    """The cache that Workers KV has at a location: whether it remembers that a key is absent is not promised."""

    negative_cache = hazard_mode("the absence of a key is cached like a value")


def take(s: State, pop: Expr, found: Expr | bool, **copy: Expr) -> None:
    """The location's cache takes a `copy`, given by the names of its variables; where nothing is `found`, none."""
    s.cached[pop] = found
    for name, value in copy.items():
        s.assign_element(name, pop, value)
    s.age[pop] = 0
