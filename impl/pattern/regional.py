# SPDX-License-Identifier: Apache-2.0
"""The reference implementation with a regional tier between its locations and KV's centre."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from edgeproof.impl.driven.base import impossible_on
from edgeproof.impl.driven.content import copy_text, counted_from
from edgeproof.impl.driven.setup import seconds_of
from edgeproof.impl.edge.centre import KVEntry
from edgeproof.impl.edge.region import RegionalTier
from edgeproof.impl.pattern.observation import label_of
from edgeproof.impl.pattern.system import ReferenceSystem
from edgeproof.impl.system import Contents, Setup, Value

__all__ = ["DoKvRegionalSystem"]


class DoKvRegionalSystem(ReferenceSystem):
    """The parts of one unit, its locations in one region. `tier` replaces the region's part."""

    design: ClassVar = "do_kv_regional"

    def __init__(self, tier: Callable[..., RegionalTier] = RegionalTier, *, seed: int = 0) -> None:
        super().__init__(seed=seed)
        self._tier = tier

    def start(self, setup: Setup) -> None:
        """Begin a new run from nothing. Raises ValueError for a setup that the system does not know."""
        self._ttl = seconds_of(setup, "G")["G"]
        super().start(setup)

    def contents(self) -> Contents:
        """What is held now, by the names of the model's variables."""
        copy = self.region.cache.copies.get(self.choices.key)
        return {**super().contents(), "region": None if copy is None else copy_text(copy.entry)}

    def _see(self) -> dict[str, Value]:
        copy = self.region.cache.copies.get(self.choices.key)
        version, era = label_of(None if copy is None else copy.entry)
        seen: dict[str, Value] = {"region_cached": copy is not None, "region": version, "region_era": era}
        return {**super()._see(), **counted_from(self.before, seen, ("region",))}

    def _start_edge(self, pops: int) -> None:
        self.region = self._tier(self.kv, self.runtime, self._ttl)
        super()._start_edge(pops)

    def _behind_locations(self) -> Callable[[str], KVEntry | None]:
        return self.region.read

    def _do_refresh_region(self) -> None:
        with impossible_on(LookupError):
            self.region.refresh(self.choices.key)
