# SPDX-License-Identifier: Apache-2.0
"""What subjects at the edge share: KV, one location's cache, and a centre that is published to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.kv import KVLocation, KVNamespace, Limits, LocationCache
from edgeproof.impl.interleaved.base import CLOCK, Begin, Touch, touch
from edgeproof.impl.interleaving import Label, Published
from edgeproof.impl.runtime import SimulatedRuntime
from edgeproof.impl.snapshot import Snapshot, to_json, to_kv

__all__ = ["CACHE", "CACHE_TTL", "CENTRE", "ISOLATE", "KEY", "LOOK_UP", "Place", "label_of", "published", "wait"]

CENTRE: Final = "KV's centre"
CACHE: Final = "the location's cache"
ISOLATE: Final = "the isolate"
KEY: Final = "config"

CACHE_TTL: Final = 30.0
"""Seconds: KV's smallest."""

LOOK_UP: Final = touch([CLOCK, CENTRE], [CACHE])
"""What a read through the location's cache touches there."""


class Place:
    """A KV namespace and one location."""

    def __init__(
        self,
        world: SimulatedRuntime,
        cache: Callable[[], LocationCache],
        behind: Callable[[str], KVEntry | None] | None = None,
    ) -> None:
        """`behind` is what a cache that misses asks, KV's centre if it is None."""
        self._world = world
        self.kv = KVNamespace(world, limits=Limits(write_spacing=0))
        self.cache = cache()
        self.location = KVLocation(self.kv, world, lambda: self.cache, behind=behind)

    def put(self, snapshot: Snapshot) -> Published:
        """Publish a config."""
        value, metadata = to_kv(snapshot)
        self.kv.put(KEY, value, metadata=metadata)
        return published(snapshot, self._world.time)


def label_of(snapshot: Snapshot) -> Label:
    """How new a config says it is."""
    return (snapshot.era, snapshot.version)


def published(snapshot: Snapshot, at: float) -> Published:
    """The source of truth holds a config from now on."""
    return Published(label_of(snapshot), to_json(snapshot.config), at)


def wait(world: Callable[[], SimulatedRuntime], number: int, seconds: float) -> Begin:
    """Time passes."""
    return Begin(f"{seconds:g} s pass ({number})", lambda: world().advance(seconds), Touch(writes=frozenset([CLOCK])))
