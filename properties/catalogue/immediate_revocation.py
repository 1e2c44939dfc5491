# SPDX-License-Identifier: Apache-2.0
"""`immediate-revocation`: an anomaly of tokens in KV."""

from __future__ import annotations

from edgeproof.properties.catalogue.property import Property
from edgeproof.properties.catalogue.token_forms import AT_HOME, admitted_only_if, asked, presents_tokens

__all__ = ["PROPERTY"]


PROPERTY = Property(
    "immediate-revocation",
    "A revoked token is refused at once.",
    "Workers KV: a location serves its copy until it times out, 60 seconds or more.",
    needs=("token", "admitted"),
    step=admitted_only_if(lambda s: s.token != "revoked", AT_HOME),
    tested_step=asked(lambda s: s.token == "revoked", AT_HOME),
    anomaly=True,
    applies=presents_tokens,
)
