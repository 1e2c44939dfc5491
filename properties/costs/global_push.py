# SPDX-License-Identifier: Apache-2.0
"""What pushes cost: no read leaves its location, and every change goes to every location whole.

Locations that ask, besides, do so every H, whether anybody reads or not; the run is one without.
"""

from __future__ import annotations

from typing import Final

from model.expr import NAT, lift
from properties.costs.meter import Costing

__all__ = ["COSTING"]

COSTING: Final = Costing(
    constants={"Pop": 3, "writes": 12, "pull": "off"},
    hops=lambda s, pop: lift(0, NAT),
    published=lambda sizes: sizes.config * sizes.locations,
    limited_by="the stages: a version waits until the one before has been everywhere",
    writes_per_second=None,
    write="release_good",
    without="the last config, for ever",
)
