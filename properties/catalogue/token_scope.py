# SPDX-License-Identifier: Apache-2.0
"""`token-scope`: a token opens what it was minted for."""

from __future__ import annotations

from edgeproof.model.expr import FALSE, TRUE, Expr
from edgeproof.properties.catalogue.property import Property, Step
from edgeproof.properties.catalogue.token_forms import REQUESTS, presents_tokens

__all__ = ["PROPERTY"]


def _within_scope(step: Step) -> Expr:
    if step.action not in REQUESTS or step.action == "fetch":
        return TRUE
    refused: Expr = ~step.after.admitted[step.arguments["pop"]]
    return refused if step.action == "fetch_elsewhere" else refused | step.before.writes


def _beyond_scope(step: Step) -> Expr:
    """A request that is out of the token's scope, while KV still has the token."""
    if step.action not in ("push", "fetch_elsewhere"):
        return FALSE
    known: Expr = step.before.listed == "token"
    return known if step.action == "fetch_elsewhere" else known & ~step.before.writes


PROPERTY = Property(
    "token-scope",
    "No token opens another repo, nor does one for reading push.",
    "Artifacts, Git protocol: tokens are per repo; read is clone, fetch and pull, write is these and push.",
    needs=("token", "writes", "listed", "admitted"),
    step=_within_scope,
    tested_step=_beyond_scope,
    applies=presents_tokens,
)
