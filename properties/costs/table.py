# SPDX-License-Identifier: Apache-2.0
"""The costs of designs under the same parameters, one beside the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import field, frozen

from edgeproof.impl.system import Metered
from edgeproof.properties.bounds import formula, is_promised, present_terms
from edgeproof.properties.costs.meter import Bill, Load, charge, charged
from edgeproof.properties.costs.pace import writes_per_second
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.designs.dossier import Costing, Sizes
from edgeproof.properties.rate import PUT_SPACING

__all__ = ["SYNC_DELAY", "Cost", "Parameters", "costs"]

SYNC_DELAY: Final = 1 + int(PUT_SPACING)
"""S in seconds: an alarm that is a second late, where KV was put to just before. So a bound holds at any rate of writes
that the truth takes: those that come faster than KV takes puts share one."""


@frozen
class Parameters:
    """Under what costs are charged: the load, what is how large, and the cacheTtl in seconds."""

    load: Load = field(factory=Load)
    sizes: Sizes = field(factory=Sizes)
    cache_ttl: int = 60


@frozen
class Cost:
    """What one design costs: the bill of a run, and what follows from its parameters.

    `staleness` is the bound as a formula and in seconds, None where the design promises none.
    """

    design: str
    bill: Bill
    writes_per_second: float
    writer: str
    staleness: tuple[str, int] | None
    published: int
    without: str


def costs(designs: Sequence[str], parameters: Parameters, system: Metered | None = None) -> tuple[Cost, ...]:
    """Charge each of the designs that has a costing, on the model and on `system` beside it.

    A tick is a second; what is not among the parameters, nor S, has the design's default, mostly 1 s.
    """
    costings = [(design, dossier_of(design).costing) for design in designs]
    return tuple(_cost(design, costing, parameters, system) for design, costing in costings if costing is not None)


def _cost(design: str, costing: Costing, parameters: Parameters, system: Metered | None) -> Cost:
    instance = charged(design, costing, Pop=parameters.sizes.locations, S=SYNC_DELAY, T=parameters.cache_ttl)
    return Cost(
        design,
        charge(instance, costing, parameters.load, system),
        writes_per_second(instance, costing, parameters.load),
        costing.writer.value,
        (formula(instance), sum(ticks for _, ticks in present_terms(instance))) if is_promised(instance) else None,
        costing.published(parameters.sizes),
        costing.without,
    )
