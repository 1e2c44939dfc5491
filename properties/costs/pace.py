# SPDX-License-Identifier: Apache-2.0
"""How many writes per second a unit takes before what they all go through is saturated.

What one Durable Object, and one KV key, can take is documented. Where a design itself makes a write wait for the one
before, that is found by writing as often as it lets one, on the model and on an implementation alike.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from edgeproof.impl.system import Metered
from edgeproof.model.machine import Instance
from edgeproof.properties.costs.meter import Load, Run
from edgeproof.properties.designs.dossier import Costing, Writer
from edgeproof.properties.rate import KV_KEY_WRITES

__all__ = ["OBJECT_REQUESTS", "OBJECT_WRITES", "pace", "writes_per_second"]

OBJECT_WRITES: Final = 200
"""Writes per second that one Durable Object takes: 200 to 500 where they go to storage ("Rules of Durable Objects")."""

OBJECT_REQUESTS: Final = 1_000
"""Requests per second that one Durable Object takes, a soft limit (Durable Objects limits page)."""

_RUN: Final = 120
"""Seconds of trying to write."""


def writes_per_second(instance: Instance, costing: Costing, load: Load) -> float:
    """How many writes per second a unit takes at most, under a load of reads."""
    match costing.writer:
        case Writer.KV_KEY:
            return KV_KEY_WRITES
        case Writer.OBJECT:
            return OBJECT_WRITES
        case Writer.OBJECT_THAT_READS_ASK:
            reads = load.reads * instance.number("Pop")
            return OBJECT_WRITES * max(0.0, 1 - reads / OBJECT_REQUESTS)
        case Writer.ROLLOUT:
            found = pace(instance, costing)
            assert found is not None, f"{instance.machine.name} makes no write wait for another"
            return float(found)


def pace(instance: Instance, costing: Costing, system: Metered | None = None) -> Fraction | None:
    """Writes per second where every write begins as soon as the design lets it; a tick is a second.

    None where another can begin in the same second: the design makes none wait. `system`, where there is one, does the
    same beside the model; raises what it raises where it cannot.
    """
    run = Run(instance, costing, system)
    begun = []
    for second in range(_RUN):
        run.settle()
        if run.write():
            begun.append(second)
            run.settle()
            if run.could_write():
                return None
        run.tick()
    return Fraction(len(begun) - 1, begun[-1] - begun[0])
