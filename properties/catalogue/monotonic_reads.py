# SPDX-License-Identifier: Apache-2.0
"""`monotonic-reads`: a reader goes forward."""

from __future__ import annotations

from edgeproof.properties.catalogue.forms import answered, copy, no_older, reading
from edgeproof.properties.catalogue.property import Property

__all__ = ["PROPERTY"]


PROPERTY = Property(
    "monotonic-reads",
    "A reader never goes back.",
    "Session guarantees (Terry et al. 1994); Workers KV does not promise them.",
    needs=("served", "failed"),
    step=answered(lambda before, after, p: no_older(copy(after, "served", p), copy(before, "served", p))),
    tested_step=reading(lambda before, after, p: before.served[p] > 0),
)
