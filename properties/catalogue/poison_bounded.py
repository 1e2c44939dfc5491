# SPDX-License-Identifier: Apache-2.0
"""`poison-bounded`: a bad version is not told for long."""

from __future__ import annotations

from typing import Final

from edgeproof.model.expr import Expr, implies
from edgeproof.model.machine import State
from edgeproof.properties.bounds import bound_beside, bounds_beside, formula_of
from edgeproof.properties.catalogue.forms import answered, reading
from edgeproof.properties.catalogue.property import Property

__all__ = ["PROPERTY"]

_ID: Final = "poison-bounded"


def _should_be_gone(s: State) -> Expr:
    """The bad version under observation was committed longer ago than the bound."""
    gone: Expr = s.poisoned & (bound_beside(s, _ID) < s.poisoned_for)
    return gone


def _is_told(s: State, p: Expr) -> Expr:
    """What a client at the location is told is that version, or a bad one from before it."""
    told: Expr = s.told_bad[p] & (s.served[p] < s.watched)
    return told


PROPERTY = Property(
    _ID,
    "A bad version is told nowhere longer after its commit than the bound.",
    "Cloudflare's report of 18 November 2025: an earlier good file was put by hand. The formula is ours, and proved.",
    needs=("served", "failed", "told_bad", "watched", "poisoned", "poisoned_for"),
    step=answered(lambda before, after, p: implies(_should_be_gone(before), ~_is_told(after, p))),
    tested_step=reading(lambda before, after, p: _should_be_gone(before)),
    detail=lambda instance: f"B = {formula_of(instance, bounds_beside(instance)[_ID].terms)}",
    applies=lambda instance: _ID in bounds_beside(instance),
)
