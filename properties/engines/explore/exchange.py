# SPDX-License-Identifier: Apache-2.0
"""The exchange of like elements, compiled: by it a search keeps one state of each orbit (`model.orbits`)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from edgeproof.model.kernel import KernelSource
from edgeproof.model.machine import Instance
from edgeproof.model.native import NativeOrbits, compile_orbits
from edgeproof.model.orbits import moved_sorts, orbit_text
from edgeproof.model.symmetry import Symmetry, symmetry_of
from edgeproof.properties.engines.explore.loops import canonical_states

__all__ = ["Exchange", "prepare_exchange"]

Ints = NDArray[np.int64]

_MOST: Final = 1 << 36
"""The most states of an orbit, so that what some hundred million steps stand for is counted in 64 bits."""


@frozen(eq=False)
class Exchange:
    """What can be exchanged in an instance, compiled; `moved` are the sizes of the sorts whose elements that moves."""

    symmetry: Symmetry
    moved: dict[str, int]
    native: NativeOrbits

    def canonical(self, states: Ints) -> Ints:
        """The state that stands for the orbit of each of `states`."""
        found: Ints = canonical_states(self.native.canonical, states)
        return found

    def firsts(self, states: Ints) -> Ints:
        """Of `states` the first one of each orbit."""
        _, first = np.unique(self.canonical(states), axis=0, return_index=True)
        return states[np.sort(first)]


def prepare_exchange(source: KernelSource, instance: Instance) -> tuple[Exchange | None, str]:
    """The exchange of all elements that are alike to an instance and to what `source` asks, None if there are none; and
    the sorts of these elements, with the reason for each that is refused.
    """
    symmetry = symmetry_of(instance, source.expressions)
    refused = [f"none by {sort}, as {why}" for sort, why in symmetry.refused.items()]
    if symmetry.exchanges > _MOST:
        return None, f"none: {symmetry.exchanges:,} exchanges are more than are counted"
    if not symmetry.sorts:
        return None, "; ".join(["none: nothing can be exchanged", *refused])
    compiled = _compiled(orbit_text(source, instance, symmetry))
    exchange = Exchange(symmetry, moved_sorts(instance, symmetry), compiled)
    return exchange, "; ".join([f"orbits by {', '.join(symmetry.sorts)}", *refused])


@lru_cache(maxsize=32)
def _compiled(text: str) -> NativeOrbits:
    return compile_orbits(text)
