# SPDX-License-Identifier: Apache-2.0
"""`bounded-staleness`: nobody is told what was superseded long ago."""

from __future__ import annotations

from edgeproof.model.expr import Expr, implies
from edgeproof.model.machine import State
from edgeproof.properties.bounds import formula, is_promised, staleness_bound
from edgeproof.properties.catalogue.forms import answered, reading
from edgeproof.properties.catalogue.property import Property

__all__ = ["PROPERTY"]


def _too_old(s: State) -> Expr:
    """The write under observation was committed longer ago than the bound: who has not heard of it is stale."""
    too_old: Expr = s.watching & (staleness_bound(s) < s.since)
    return too_old


PROPERTY = Property(
    "bounded-staleness",
    "A reader is never told something that was superseded longer ago than the bound.",
    "Flagship: changes reach every location within seconds; the formula is ours, and proved.",
    needs=("served", "failed", "watched", "watching", "since"),
    step=answered(lambda before, after, p: implies(_too_old(before), after.served[p] >= before.watched)),
    tested_step=reading(lambda before, after, p: _too_old(before)),
    detail=lambda instance: f"B = {formula(instance)}",
    applies=is_promised,
)
