# SPDX-License-Identifier: Apache-2.0
"""`monotonic-reads`: a reader goes forward."""

from __future__ import annotations

from edgeproof.model.expr import FALSE, TRUE, Expr
from edgeproof.properties.catalogue.forms import copy, no_older, told, told_before
from edgeproof.properties.catalogue.property import Property, Step

__all__ = ["PROPERTY"]


def _goes_forward(step: Step) -> Expr:
    """What a client is told is no older than what had been told there when it asked."""
    pop = told(step)
    if pop is None:
        return TRUE
    return step.after.failed[pop] | no_older(copy(step.after, "served", pop), told_before(step, pop))


def _has_been_told(step: Step) -> Expr:
    pop = told(step)
    return FALSE if pop is None else told_before(step, pop).version > 0


PROPERTY = Property(
    "monotonic-reads",
    "A reader never goes back.",
    "Session guarantees (Terry et al. 1994); Workers KV does not promise them.",
    needs=("served", "failed"),
    step=_goes_forward,
    tested_step=_has_been_told,
)
