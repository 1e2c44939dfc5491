# SPDX-License-Identifier: Apache-2.0
"""`unit-isolation`: units do not meet."""

from __future__ import annotations

from edgeproof.properties.catalogue.property import Property

__all__ = ["PROPERTY"]


PROPERTY = Property(
    "unit-isolation",
    "A write to one unit changes no other.",
    "The pattern: a Durable Object and a KV key per unit.",
    needs=("neighbour_hit", "kv"),
    state=lambda s: ~s.neighbour_hit,
    tested=lambda s: s.kv > 0,
)
