# SPDX-License-Identifier: Apache-2.0
"""`kill-switch`: what is turned off is off everywhere in time."""

from __future__ import annotations

from edgeproof.properties.bounds import formula, is_promised, staleness_bound
from edgeproof.properties.catalogue.forms import on_read, reading
from edgeproof.properties.catalogue.property import Property

__all__ = ["PROPERTY"]


PROPERTY = Property(
    "kill-switch",
    "A flag that was turned off longer ago than the bound, and is off since, lets nobody in anywhere.",
    "Flagship calls turning a flag off an immediate kill switch; how long it takes to be seen is ours, and proved.",
    needs=("stays_off", "on", "since"),
    step=on_read(
        lambda before, after, p: ~(before.stays_off & (staleness_bound(before) < before.since)) | ~after.on[p]
    ),
    tested_step=reading(lambda before, after, p: before.stays_off & (staleness_bound(before) < before.since)),
    detail=lambda instance: f"B = {formula(instance)}",
    applies=is_promised,
)
