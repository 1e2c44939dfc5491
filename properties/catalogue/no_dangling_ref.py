# SPDX-License-Identifier: Apache-2.0
"""`no-dangling-ref`: what a ref reaches is there."""

from __future__ import annotations

from edgeproof.model.expr import FALSE, TRUE, Expr
from edgeproof.properties.catalogue.property import Property, Step

__all__ = ["PROPERTY"]


def _finds_all(step: Step) -> Expr:
    return ~step.after.dangling[step.arguments["pop"]] if step.action == "download" else TRUE


def _was_promised(step: Step) -> Expr:
    return step.before.promised[step.arguments["pop"]] if step.action == "download" else FALSE


PROPERTY = Property(
    "no-dangling-ref",
    "Whoever was told a ref can fetch every object that it reaches.",
    "Git: a ref moves once all that it reaches is stored; git gc keeps what is unreachable for a grace period.",
    needs=("promised", "dangling"),
    step=_finds_all,
    tested_step=_was_promised,
)
