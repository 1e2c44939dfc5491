# SPDX-License-Identifier: Apache-2.0
"""The tier of KV between locations and the centre: a cache that the locations of a region share.

Workers KV reads go from the location's cache to a regional tier, then to the central one ("How KV works"); upper tiers
keep a copy for a time that the platform manages and that may exceed cacheTtl. That a put purges them is not promised.
"""

from __future__ import annotations

from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import KVLocation, KVNamespace, LocationCache
from edgeproof.impl.runtime import Clock

__all__ = ["RegionalTier"]


class RegionalTier:
    """One region's cache in front of a namespace; it serves its copy of a key for `ttl` seconds."""

    def __init__(self, namespace: KVNamespace, clock: Clock, ttl: float) -> None:
        self.cache = LocationCache()
        self._clock, self._ttl = clock, ttl
        self._behind = KVLocation(namespace, clock, lambda: self.cache)

    def read(self, key: str) -> KVEntry | None:
        """What the region tells a location that asks for a key; the location takes it for new."""
        copy = self.cache.fresh(key, self._clock.now(), self._ttl)
        return self._behind.fetch(key, self.cache) if copy is None else copy.entry

    def refresh(self, key: str) -> None:
        """Fetch a key anew from the centre. Raises LookupError if the region has no copy of it."""
        self._behind.refresh(key, self.cache)
