# SPDX-License-Identifier: Apache-2.0
"""`single-writer-order`: one write after the other."""

from __future__ import annotations

from typing import Final

from edgeproof.model.expr import TRUE, Expr
from edgeproof.properties.catalogue.forms import changed
from edgeproof.properties.catalogue.property import Property, Step

__all__ = ["PROPERTY"]

_RESTORES: Final = ("rollback", "rollback_two", "rollback_all")


def _one_at_a_time(step: Step) -> Expr:
    before, after = step.before, step.after
    if step.action in _RESTORES:
        return TRUE
    same: Expr = after.config == before.config
    if "contents" in before:
        same = same & (after.contents == before.contents)
    return same if step.action == "write_refused" else same | (after.config == before.config + 1)


PROPERTY = Property(
    "single-writer-order",
    "Versions go up by one, and a write that expects an older version changes nothing.",
    "Durable Objects: one instance per id, input gates order its events.",
    needs=("config",),
    step=_one_at_a_time,
    tested_step=changed("config"),
)
