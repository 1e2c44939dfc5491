# SPDX-License-Identifier: Apache-2.0
"""`push-revocation`: nobody pushes with a revoked token."""

from __future__ import annotations

from edgeproof.properties.catalogue.property import Property
from edgeproof.properties.catalogue.token_forms import admitted_only_if, asked, presents_tokens

__all__ = ["PROPERTY"]


PROPERTY = Property(
    "push-revocation",
    "A push with a revoked token is refused at once.",
    "Durable Objects: one instance per repo, and a push reaches it in any case.",
    needs=("token", "admitted", "recheck"),
    step=admitted_only_if(lambda s: s.token != "revoked", ("push",)),
    tested_step=asked(lambda s: (s.token == "revoked") & s.writes & ~s.expired, ("push",)),
    applies=presents_tokens,
)
