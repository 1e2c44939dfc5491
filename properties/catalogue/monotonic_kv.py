# SPDX-License-Identifier: Apache-2.0
"""`monotonic-kv`: KV goes forward."""

from __future__ import annotations

from edgeproof.model.expr import Expr
from edgeproof.properties.catalogue.forms import changed, copy, no_older
from edgeproof.properties.catalogue.property import Property, Step

__all__ = ["PROPERTY"]


def _forward(step: Step) -> Expr:
    return no_older(copy(step.after, "kv"), copy(step.before, "kv"))


PROPERTY = Property(
    "monotonic-kv",
    "KV's central copy never goes back.",
    "Workers KV: the last write wins, whichever it is; there are no conditional puts.",
    needs=("kv",),
    step=_forward,
    tested_step=changed("kv"),
)
