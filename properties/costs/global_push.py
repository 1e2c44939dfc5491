# SPDX-License-Identifier: Apache-2.0
"""What pushes cost: no read leaves its location, and every change goes to every location whole.

Locations that ask, besides, do so every H, whether anybody reads or not; the run is one without.
"""

from __future__ import annotations

from typing import Final

from edgeproof.model.expr import NAT, lift
from edgeproof.model.interpret import Event
from edgeproof.model.machine import Instance
from edgeproof.properties.costs.meter import Costing, Writer

__all__ = ["COSTING"]


def _in_stages(instance: Instance) -> tuple[Event, ...]:
    """The locations are spread evenly over the stages."""
    stages, locations = instance.number("stages") + 1, instance.number("Pop")
    return tuple(Event("assign", (("pop", one),)) for one in range(locations) for _ in range(one * stages // locations))


COSTING: Final = Costing(
    constants={"Pop": 3, "writes": 12, "pull": "off"},
    hops=lambda s, pop: lift(0, NAT),
    published=lambda sizes: sizes.config * sizes.locations,
    writer=Writer.ROLLOUT,
    prepared=_in_stages,
    write=("release_good",),
    without="the last config, for ever",
)
