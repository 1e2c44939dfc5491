# SPDX-License-Identifier: Apache-2.0
"""`read-your-writes`: an anomaly that the pattern has."""

from __future__ import annotations

from edgeproof.model.expr import FALSE, TRUE
from edgeproof.properties.catalogue.forms import Copy, answered, at_once, copy, no_older, reading, truth
from edgeproof.properties.catalogue.property import Property

__all__ = ["PROPERTY"]


PROPERTY = Property(
    "read-your-writes",
    "A client reads what it was told is written.",
    "Session guarantees (Terry et al. 1994); the pattern gives it up across locations.",
    needs=("acked", "served", "failed"),
    step=at_once(
        answered(lambda before, after, p: no_older(copy(after, "served", p), Copy(truth(before).era, before.acked))),
        TRUE,
    ),
    tested_step=at_once(reading(lambda before, after, p: before.acked > 0), FALSE),
    anomaly=True,
)
