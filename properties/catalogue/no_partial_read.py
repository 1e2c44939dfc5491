# SPDX-License-Identifier: Apache-2.0
"""`no-partial-read`: one version at a time."""

from __future__ import annotations

from edgeproof.model.expr import exists, for_all
from edgeproof.properties.catalogue.property import Property

__all__ = ["PROPERTY"]


PROPERTY = Property(
    "no-partial-read",
    "Every config that a reader at the edge sees is the config of one committed version.",
    "Flagship: no partial-state readers; one KV value holds the whole config.",
    needs=("partial", "served"),
    state=lambda s: for_all(s.Pop, lambda p: ~s.partial[p]),
    tested=lambda s: exists(s.Pop, lambda p: s.served[p] > 0),
)
