# SPDX-License-Identifier: Apache-2.0
"""What each design costs: one file per design, one line in `COSTINGS`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from model.designs import load
from model.machine import Instance
from properties.costs import artifacts_tokens, do_kv, do_kv_manifest, global_push
from properties.costs.meter import Bill, Costing, Load, Sizes, charge

__all__ = ["COSTINGS", "Bill", "Costing", "Load", "Sizes", "charge", "charged"]

COSTINGS: Final[Mapping[str, Costing]] = {
    "do_kv": do_kv.COSTING,
    "do_kv_manifest": do_kv_manifest.COSTING,
    "artifacts_tokens": artifacts_tokens.COSTING,
    "global_push": global_push.COSTING,
}


def charged(design: str) -> Instance:
    """The configuration of a design that is charged."""
    return Instance.of(load(design), **COSTINGS[design].constants)
