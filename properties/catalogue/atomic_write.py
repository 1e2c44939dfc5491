# SPDX-License-Identifier: Apache-2.0
"""`atomic-write`: no half of a write."""

from __future__ import annotations

from edgeproof.model.expr import Expr
from edgeproof.properties.catalogue.forms import changed
from edgeproof.properties.catalogue.property import Property, Step

__all__ = ["PROPERTY"]


def _together(step: Step) -> Expr:
    before, after = step.before, step.after
    kept_in_step: Expr = after.config + before.logged == after.logged + before.config
    return kept_in_step


PROPERTY = Property(
    "atomic-write",
    "A write is seen whole or not at all, config and changelog together.",
    "Flagship launch post: the write lands atomically in a Durable Object that holds configuration and changelog.",
    needs=("config", "logged"),
    step=_together,
    tested_step=changed("config"),
)
