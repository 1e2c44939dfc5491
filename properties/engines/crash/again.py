# SPDX-License-Identifier: Apache-2.0
"""A trace that ends in a power cut, tried again on a store that may have been mended since."""

from __future__ import annotations

from edgeproof.impl.system import MakeStore
from edgeproof.model.designs import load
from edgeproof.model.machine import Design, Instance, read_design
from edgeproof.model.trace import Trace
from edgeproof.properties.cases import kept_in
from edgeproof.properties.engines.crash.engine import cut_anywhere

__all__ = ["wrong_after_a_power_cut"]


def wrong_after_a_power_cut(trace: Trace, make: MakeStore, design: type[Design] | None = None) -> str:
    """What is wrong with a store once the power has gone somewhere in the last step of a trace; "" if nothing is.

    `design` is what the trace is a run of, where it is none of ours. Raises NotInStep for a store that does otherwise
    than the design before any power cut, LookupError for a trace that ends in none, and ValueError for one that is no
    run.
    """
    machine = load(trace.design) if design is None else read_design(design)
    instance = Instance.of(machine, **trace.constants)
    return cut_anywhere(instance, kept_in(instance), make, trace)
