# SPDX-License-Identifier: Apache-2.0
"""`no-lost-push`: what is pushed stays pushed."""

from __future__ import annotations

from edgeproof.model.expr import implies
from edgeproof.properties.catalogue.property import Property

__all__ = ["PROPERTY"]


PROPERTY = Property(
    "no-lost-push",
    "An acknowledged push is in the history of its ref, until somebody forces or deletes that.",
    "Git: a push without --force only goes on from what its client saw, and names that (receive-pack's old object id).",
    needs=("fate", "held"),
    state=lambda s: implies(s.fate == "acked", s.held),
    tested=lambda s: s.fate == "acked",
)
