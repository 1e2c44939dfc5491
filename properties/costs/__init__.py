# SPDX-License-Identifier: Apache-2.0
"""What each design costs: one file per design, one line in `COSTINGS`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edgeproof.model.designs import load
from edgeproof.model.machine import Instance
from edgeproof.properties.costs import (
    artifacts_tokens,
    do_kv,
    do_kv_manifest,
    do_kv_per_key,
    do_kv_regional,
    do_only,
    flagship,
    global_push,
    kv_only,
)
from edgeproof.properties.costs.meter import Bill, Costing, Load, Sizes, Writer, charge

__all__ = ["COSTINGS", "Bill", "Costing", "Load", "Sizes", "Writer", "charge", "charged"]

COSTINGS: Final[Mapping[str, Costing]] = {
    "do_kv": do_kv.COSTING,
    "do_kv_regional": do_kv_regional.COSTING,
    "do_kv_per_key": do_kv_per_key.COSTING,
    "do_kv_manifest": do_kv_manifest.COSTING,
    "do_only": do_only.COSTING,
    "kv_only": kv_only.COSTING,
    "artifacts_tokens": artifacts_tokens.COSTING,
    "global_push": global_push.COSTING,
    "flagship": flagship.COSTING,
}


def charged(design: str, **numbers: int) -> Instance:
    """The configuration of a design that is charged, with those of the numbers that it has."""
    machine = load(design)
    known = {name: number for name, number in numbers.items() if name in machine.rigids}
    return Instance.of(machine, **{**COSTINGS[design].constants, **known})
