# SPDX-License-Identifier: Apache-2.0
"""`token-revocation-bound`: a revoked token is refused before long."""

from __future__ import annotations

from edgeproof.model.expr import Expr
from edgeproof.model.machine import State
from edgeproof.properties.bounds import formula, is_promised, staleness_bound
from edgeproof.properties.catalogue.property import Property
from edgeproof.properties.catalogue.token_forms import AT_HOME, admitted_only_if, asked, presents_tokens

__all__ = ["PROPERTY"]


def _long_revoked(s: State) -> Expr:
    long_ago: Expr = (s.token == "revoked") & (staleness_bound(s) < s.revoked_for)
    return long_ago


PROPERTY = Property(
    "token-revocation-bound",
    "A token that was revoked longer ago than the bound is refused everywhere.",
    "Not documented for Artifacts; a key of Workers KV is cached. The formula is ours, and proved.",
    needs=("token", "revoked_for", "expired", "admitted"),
    step=admitted_only_if(lambda s: ~_long_revoked(s), AT_HOME),
    tested_step=asked(lambda s: _long_revoked(s) & ~s.expired, AT_HOME),
    detail=lambda instance: f"B = {formula(instance)}",
    applies=lambda instance: is_promised(instance) and presents_tokens(instance),
)
