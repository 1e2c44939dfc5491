# SPDX-License-Identifier: Apache-2.0
"""`new-token-delay`: a new token is good before long."""

from __future__ import annotations

from edgeproof.model.expr import TIME, Expr, ite, lift
from edgeproof.model.machine import State
from edgeproof.properties.catalogue.property import Property
from edgeproof.properties.catalogue.token_forms import asked, when_asked
from edgeproof.properties.designs.artifacts_tokens import new_token_bound, new_token_formula

__all__ = ["PROPERTY"]


def _due(s: State) -> Expr:
    """The token was minted longer ago than the bound, and no clock may say yet that it has expired."""
    error = ite(s.margin == "on", s.E, lift(0, TIME))
    due: Expr = (s.token == "active") & (new_token_bound(s) < s.minted_for) & (s.minted_for + error <= s.L)
    return due


PROPERTY = Property(
    "new-token-delay",
    "A token that was minted longer ago than the bound opens its repo everywhere.",
    "Workers KV: absence is cached, too, so that a new key may be missed for as long as a changed one.",
    needs=("token", "minted_for", "admitted", "margin"),
    step=when_asked(lambda before, admitted: ~_due(before) | admitted, ("fetch",)),
    tested_step=asked(_due, ("fetch",)),
    detail=lambda instance: f"N = {new_token_formula(instance)}",
)
