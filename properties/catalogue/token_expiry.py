# SPDX-License-Identifier: Apache-2.0
"""`token-expiry`: a token ends by itself."""

from __future__ import annotations

from edgeproof.properties.catalogue.property import Property
from edgeproof.properties.catalogue.token_forms import admitted_only_if, asked, presents_tokens

__all__ = ["PROPERTY"]


PROPERTY = Property(
    "token-expiry",
    "No token is accepted after it has expired, whatever a location's clock says.",
    "Artifacts, Git protocol: a token carries the second at which it expires.",
    needs=("token", "expired", "admitted"),
    step=admitted_only_if(lambda s: ~s.expired),
    tested_step=asked(lambda s: s.expired),
    applies=presents_tokens,
)
