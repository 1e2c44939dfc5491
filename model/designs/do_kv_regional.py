# SPDX-License-Identifier: Apache-2.0
"""The pattern with the tier that KV has between a location and its centre: a cache that a region's locations share.

Everything else is as in `do_kv`. One region is modelled: a location reads through one. A copy that a location fetches
from the region is fresh at the location for another T, however old it is there already.
"""

from __future__ import annotations

from edgeproof.model.designs.do_kv import DoKv, asks, fetch, read_through
from edgeproof.model.expr import Expr, ite
from edgeproof.model.machine import State, action, boolean, clock, duration, natural

__all__ = ["DoKvRegional"]


class DoKvRegional(DoKv):
    """One unit of config as in `do_kv`, read through location caches and the cache of their region."""

    G = duration(1, "how long a region serves its cached copy; the platform manages it, and it may exceed cacheTtl")

    region_cached = boolean(doc="the region has a copy")
    region = natural(DoKv.writes, doc="the region's copy, 0 if it has none")
    region_era = natural(DoKv.restores, doc="the number of restores that the region's copy carries")
    region_age = clock(while_=lambda s: s.region_cached, doc="since the region's copy was fetched")

    @action(pop=DoKv.Pop, cache=DoKv.Pop)
    def read(s: State, pop: Expr, cache: Expr) -> None:
        """A request at a POP reads the config: from the isolate, the location's cache, the region's or KV's centre."""
        s.require((pop == cache) | s.disjoint_caches)
        version, era = _held(s)
        with s.when(asks(s, pop, cache) & ~_is_fresh(s)):
            _fetch(s)
        read_through(s, pop, cache, version, era)

    @action(fair=False, cache=DoKv.Pop)
    def refresh(s: State, cache: Expr) -> None:
        """A location refreshes a hot key in the background, before it expires: through the region."""
        s.require(s.cached[cache] & ~s.cut[cache])
        version, era = _held(s)
        with s.when(~_is_fresh(s)):
            _fetch(s)
        fetch(s, cache, version, era)

    @action(fair=False)
    def refresh_region(s: State) -> None:
        """A region refreshes a hot key in the background, before it expires."""
        s.require(s.region_cached)
        _fetch(s)


def _is_fresh(s: State) -> Expr:
    fresh: Expr = s.region_cached & (s.region_age <= s.G)
    return fresh


def _held(s: State) -> tuple[Expr, Expr]:
    """Version and era of what the region answers a location with."""
    fresh = _is_fresh(s)
    return ite(fresh, s.region, s.kv), ite(fresh, s.region_era, s.kv_era)


def _fetch(s: State) -> None:
    """The region's cache takes what KV's centre holds; absence is kept only where it is cached like a value."""
    s.region_cached = (s.kv > 0) | s.negative_cache
    s.region = s.kv
    s.region_era = s.kv_era
    s.region_age = 0
