# SPDX-License-Identifier: Apache-2.0
"""`durable-ack`: what is acknowledged stays."""

from __future__ import annotations

from edgeproof.model.expr import Expr
from edgeproof.model.machine import State
from edgeproof.properties.catalogue.property import Property

__all__ = ["PROPERTY"]


def _kept(s: State) -> Expr:
    kept: Expr = s.acked <= s.config
    # An early acknowledgement runs ahead of the disk until the write is durable; a crash in between loses it.
    return kept | (s.request == "taken") if "ack" in s else kept


PROPERTY = Property(
    "durable-ack",
    "An acknowledged write survives any crash.",
    "Durable Objects: output gates hold a reply until the writes before it are durable.",
    needs=("acked", "config"),
    state=_kept,
    tested=lambda s: s.acked > 0,
)
